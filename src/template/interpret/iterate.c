/*
 * Iterators: over what lies in memory, and generators, which bring the function that makes their next item.
 * As in Python a generator works when an item is asked for, and once.
 */
#include "template/interpret/iterate.h"
#include "template/values/unicode.h"

#include <string.h>

static struct iterator *iterator_new(struct run *run, enum iterator_kind kind, struct value source) {
    struct iterator *iterator = heap_take(&run->heap, sizeof *iterator);
    if (iterator) *iterator = (struct iterator){ .kind = kind, .source = source };
    return iterator;
}

bool value_is_iterable(struct value value) {
    switch (value.type) {
    case VALUE_UNDEFINED:
    case VALUE_STRING:
    case VALUE_LIST:
    case VALUE_TUPLE:
    case VALUE_DICT:
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS:
    case VALUE_RANGE:
    case VALUE_ITERATOR:
    case VALUE_LOOP: return true;
    default: return false;
    }
}

bool iterate(struct run *run, struct value value, struct iterator **out) {
    enum iterator_kind kind = ITERATE_ITEMS;
    if (value.type == VALUE_ITERATOR) {
        *out = value.iterator;
        return true;
    }
    if (!value_is_iterable(value))
        return heap_fail(&run->heap, "'%s' object is not iterable", value_type_name(value));
    if (value.type == VALUE_LOOP) return heap_fail(&run->heap, "a loop is not iterated over here");
    if (value.type == VALUE_STRING) kind = ITERATE_POINTS;
    if (value.type == VALUE_DICT || value.type == VALUE_KEYS) kind = ITERATE_KEYS;
    if (value.type == VALUE_VALUES) kind = ITERATE_VALUES;
    if (value.type == VALUE_ITEMS) kind = ITERATE_PAIRS;
    if (value.type == VALUE_RANGE) kind = ITERATE_RANGE;
    struct iterator *iterator = *out = iterator_new(run, kind, value);
    if (!iterator) return false;
    if (value.type == VALUE_LIST || value.type == VALUE_TUPLE) {
        iterator->items = value.list->items;
        iterator->count = value.list->count;
    }
    return true;
}

/* ---- what lies in memory ---- */

static bool next_point(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    const struct string *string = iterator->source.string;
    if (!(*more = iterator->at < string->size)) return true;
    int64_t bytes = point_bytes(string->data + iterator->at);
    if (!value_string_of(&run->heap, string->data + iterator->at, bytes, 1, out)) return false;
    iterator->at += bytes;
    return true;
}

static bool next_entry(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    const struct dict *dict = iterator->source.dict;
    if (!(*more = iterator->at < dict->count)) return true;
    const struct dict_entry *entry = &dict->entries[iterator->at++];
    *out = iterator->kind == ITERATE_KEYS ? entry->key : entry->value;
    return iterator->kind != ITERATE_PAIRS || value_pair(&run->heap, entry->key, entry->value, out);
}

bool iterator_next(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    *more = false;
    if (iterator->ended) return true;
    if (!heap_work(&run->heap, 1)) return false;
    switch (iterator->kind) {
    case ITERATE_ITEMS:
        *more = iterator->at < iterator->count;
        if (*more) *out = iterator->items[iterator->at++];
        break;
    case ITERATE_POINTS:
        if (!next_point(run, iterator, out, more)) return false;
        break;
    case ITERATE_KEYS:
    case ITERATE_VALUES:
    case ITERATE_PAIRS:
        if (!next_entry(run, iterator, out, more)) return false;
        break;
    case ITERATE_RANGE:
        *more = iterator->at < iterator->source.range->count;
        if (*more)
            *out = value_int(iterator->source.range->start + iterator->at++ * iterator->source.range->step);
        break;
    case ITERATE_GENERATED:
        if (!heap_enter(&run->heap) || !iterator->next(run, iterator, out, more)) return false;
        heap_leave(&run->heap);
    }
    iterator->ended = !*more;
    return true;
}

bool iterate_all(struct run *run, struct value value, struct values *out) {
    struct iterator *iterator;
    struct value item;
    bool more;
    if (!iterate(run, value, &iterator)) return false;
    for (;;) {
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (!more) return true;
        if (!values_add(&run->heap, out, item)) return false;
    }
}

/* ---- generators ---- */

struct iterator *generator_new(struct run *run, struct value source, iterator_step *next, void *own) {
    struct iterator *generator = iterator_new(run, ITERATE_GENERATED, source);
    if (!generator) return NULL;
    generator->next = next;
    generator->own = own;
    return generator;
}

bool source_next(struct run *run, struct iterator *generator, struct value *out, bool *more) {
    if (!generator->inner && !iterate(run, generator->source, &generator->inner)) return false;
    return iterator_next(run, generator->inner, out, more);
}
