/*
 * Iterators. Those of filters (map, select, ...) are generators as in Python: they work when an item is asked
 * for, and once.
 */
#include "template/interpret/interpreter.h"
#include "template/values/dict.h"
#include "template/values/equal.h"
#include "template/values/text_tools.h"

#include <string.h>

struct iterator *iterator_new(struct run *run, enum iterator_kind kind, struct value source) {
    struct iterator *iterator = heap_take(&run->heap, sizeof *iterator);
    if (iterator) *iterator = (struct iterator){ .kind = kind, .source = source, .step = 1 };
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

/* ---- generators ---- */

static bool begin(struct run *run, struct iterator *iterator) {
    return iterator->inner || iterate(run, iterator->source, &iterator->inner);
}

static bool missing_helper(struct run *run, const struct iterator *iterator, const char *kind) {
    return heap_fail(&run->heap, "No %s named '%.*s'.", kind, STRING_START(iterator->missing_name));
}

static bool next_mapped(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    struct value item;
    if (!iterator_next(run, iterator->inner, &item, more)) return false;
    if (!*more) return true;
    if (iterator->attribute.type != VALUE_MISSING)
        return attribute_path(run, item, iterator->attribute, iterator->fallback, out);
    if (!iterator->filter) return missing_helper(run, iterator, "filter");
    return iterator->filter->apply(run, item, &iterator->arguments, out);
}

static bool selected(struct run *run, struct iterator *iterator, struct value item, bool *out) {
    if (iterator->attribute.type != VALUE_MISSING &&
        !attribute_path(run, item, iterator->attribute, value_missing, &item))
        return false;
    if (iterator->missing_name) return missing_helper(run, iterator, "test");
    *out = value_truth(item);
    if (iterator->test && !iterator->test->holds(run, item, &iterator->arguments, out)) return false;
    *out ^= iterator->negated;
    return true;
}

static bool next_selected(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    for (bool found = false; !found;) {
        if (!iterator_next(run, iterator->inner, out, more)) return false;
        if (!*more) return true;
        if (!selected(run, iterator, *out, &found)) return false;
    }
    return true;
}

static bool next_tested(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    const struct node *loop = iterator->loop;
    struct activation *activation = iterator->activation;
    for (bool found = false; !found;) {
        struct value holds;
        if (!iterator_next(run, iterator->inner, out, more)) return false;
        if (!*more) return true;
        if (!scope_enter(run, activation, &loop->loop.test_scope) ||
            !assign(run, activation, loop->loop.test_target, *out) ||
            !evaluate(run, activation, loop->loop.test, &holds))
            return run_fail_at(run, loop->loop.test);
        found = value_truth(holds);
    }
    return true;
}

static bool next_unique(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    for (;;) {
        struct value key;
        bool failed;
        if (!iterator_next(run, iterator->inner, out, more)) return false;
        if (!*more) return true;
        if (!attribute_path(run, *out, iterator->attribute, value_missing, &key) ||
            !fold_case(&run->heap, key, iterator->case_sensitive, &key))
            return false;
        if (dict_find(&run->heap, iterator->seen, key, &failed)) continue;
        return !failed && dict_set(&run->heap, iterator->seen, key, value_none);
    }
}

static bool fill_up(struct run *run, struct iterator *iterator, struct values *items, int64_t count) {
    if (iterator->fill.type == VALUE_NONE || items->count >= count) return true;
    if (!heap_fits(&run->heap, count - items->count, sizeof(struct value))) return false;
    while (items->count < count)
        if (!heap_work(&run->heap, 1) || !values_add(&run->heap, items, iterator->fill)) return false;
    return true;
}

static bool next_batch(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    struct values *pending = &iterator->pending;
    struct value item;
    for (bool got = true; got;) {
        if (!iterator_next(run, iterator->inner, &item, &got)) return false;
        bool full = got && pending->count == iterator->count;
        if (!got && !fill_up(run, iterator, pending, pending->count > 0 ? iterator->count : 0)) return false;
        *more = full || (!got && pending->count > 0);
        if (*more && !value_list(&run->heap, VALUE_LIST, pending->items, pending->count, out)) return false;
        if (*more || !got) *pending = (struct values){ 0 };
        if (got && !values_add(&run->heap, pending, item)) return false;
        if (*more) return true;
    }
    return true;
}

static bool next_slice(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    struct values *all = &iterator->pending, part = { 0 };
    int64_t slices = iterator->count;
    if (iterator->at == 0 && !iterate_all(run, iterator->source, all)) return false;
    if (slices == 0) return heap_fail(&run->heap, "integer division or modulo by zero");
    *more = iterator->at < slices;
    if (!*more) return true;
    int64_t each = all->count / slices, longer = all->count % slices, number = iterator->at++;
    int64_t from = number * each + (number < longer ? number : longer), to = from + each + (number < longer);
    for (int64_t i = from; i < to; i++)
        if (!values_add(&run->heap, &part, all->items[i])) return false;
    if (number >= longer && !fill_up(run, iterator, &part, part.count + 1)) return false;
    return value_list(&run->heap, VALUE_LIST, part.items, part.count, out);
}

static bool next_generated(struct run *run, struct iterator *iterator, struct value *out, bool *more) {
    if (iterator->kind == ITERATE_NO_MAPPING)
        return heap_fail(&run->heap, "Can only get item pairs from a mapping.");
    bool guarded = iterator->kind == ITERATE_MAP || iterator->kind == ITERATE_SELECT;
    if (guarded && !value_truth(iterator->source)) return true; /* so none|map gives nothing, and 0 too */
    if (iterator->kind != ITERATE_SLICE && !begin(run, iterator)) return false;
    switch (iterator->kind) {
    case ITERATE_TESTED: return next_tested(run, iterator, out, more);
    case ITERATE_MAP: return next_mapped(run, iterator, out, more);
    case ITERATE_SELECT: return next_selected(run, iterator, out, more);
    case ITERATE_UNIQUE: return next_unique(run, iterator, out, more);
    case ITERATE_BATCH: return next_batch(run, iterator, out, more);
    default: return next_slice(run, iterator, out, more);
    }
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
        *more = iterator->at >= 0 && iterator->at < iterator->count;
        if (*more) *out = iterator->items[iterator->at];
        iterator->at += iterator->step;
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
    default:
        if (!heap_enter(&run->heap) || !next_generated(run, iterator, out, more)) return false;
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
