/*
 * Making values, and asking what they are.
 */
#include "template/values/value.h"
#include "template/values/unicode.h"

#include <string.h>

/* ---- strings ---- */

bool value_string_of(struct heap *heap, const char *data, int64_t size, int64_t points, struct value *out) {
    struct string *string = heap_take(heap, sizeof *string);
    if (!string) return false;
    *string = (struct string){ .data = size > 0 ? data : "", .size = size };
    string->points = points < 0 ? points_count(string->data, size) : points;
    *out = (struct value){ .type = VALUE_STRING, .string = string };
    return points >= 0 || heap_copy_work(heap, size);
}

bool value_string(struct heap *heap, const char *data, int64_t size, struct value *out) {
    char *copy = heap_take(heap, size);
    if (!copy) return false;
    if (size > 0) memcpy(copy, data, (size_t)size);
    return heap_copy_work(heap, size) && value_string_of(heap, copy, size, -1, out);
}

bool value_text(struct heap *heap, const char *text, struct value *out) {
    return value_string(heap, text, (int64_t)strlen(text), out);
}

bool value_buffer(struct heap *heap, const struct buffer *buffer, struct value *out) {
    return value_string_of(heap, buffer->data, buffer->size, -1, out);
}

bool value_markup(struct heap *heap, struct value string, bool markup, struct value *out) {
    struct string *copy = heap_take(heap, sizeof *copy);
    if (!copy) return false;
    *copy = *string.string;
    copy->markup = markup;
    *out = (struct value){ .type = VALUE_STRING, .string = copy };
    return true;
}

/* The room behind `a`, if `a` ends where it is used up to and `more` bytes fit; else NULL. */
static struct string_room *room_behind(const struct string *a, int64_t more) {
    struct string_room *room = a->room;
    if (!room) return NULL;
    bool last = a->data + a->size == (const char *)(room + 1) + room->used;
    return last && more <= room->room - room->used ? room : NULL;
}

bool string_join(struct heap *heap, const struct string *a, const struct string *b, struct value *out) {
    struct string_room *room = room_behind(a, b->size);
    struct string *joined = heap_take(heap, sizeof *joined);
    if (!joined || !heap_copy_work(heap, b->size)) return false;
    *joined = (struct string){ .size = a->size + b->size, .points = a->points + b->points };
    if (room) {
        joined->data = a->data;
    } else {
        int64_t bytes = joined->size < 256 ? joined->size : joined->size * 2; /* short ones rarely grow */
        if (!heap_fits(heap, joined->size, 2) || !heap_copy_work(heap, a->size)) return false;
        room = heap_take(heap, (int64_t)sizeof *room + bytes);
        if (!room) return false;
        *room = (struct string_room){ .used = a->size, .room = bytes };
        if (a->size > 0) memcpy(room + 1, a->data, (size_t)a->size);
        joined->data = (const char *)(room + 1);
    }
    if (b->size > 0) memcpy((char *)(room + 1) + room->used, b->data, (size_t)b->size);
    room->used += b->size;
    joined->room = room;
    *out = (struct value){ .type = VALUE_STRING, .string = joined };
    return true;
}

bool string_equals(const struct string *string, const char *text) {
    size_t size = strlen(text);
    return (size_t)string->size == size && (size == 0 || memcmp(string->data, text, size) == 0);
}

/* ---- lists ---- */

bool value_list(struct heap *heap, enum value_type type, const struct value *items, int64_t count,
                struct value *out) {
    struct list *list = heap_take(heap, sizeof *list);
    if (!list) return false;
    *list = (struct list){ .items = items, .count = count };
    *out = (struct value){ .type = type, .list = list };
    return true;
}

bool value_pair(struct heap *heap, struct value a, struct value b, struct value *out) {
    struct value *items = heap_array(heap, 2, sizeof *items);
    if (!items) return false;
    items[0] = a;
    items[1] = b;
    return value_list(heap, VALUE_TUPLE, items, 2, out);
}

bool values_add(struct heap *heap, struct values *values, struct value item) {
    if (values->count == values->room) {
        int64_t room = values->room ? values->room * 2 : 4;
        struct value *larger = heap_array(heap, room, sizeof *larger);
        if (!larger || !heap_work(heap, values->count / 4)) return false;
        if (values->count > 0) memcpy(larger, values->items, (size_t)values->count * sizeof *larger);
        values->items = larger;
        values->room = room;
    }
    values->items[values->count++] = item;
    return true;
}

bool value_range(struct heap *heap, int64_t start, int64_t stop, int64_t step, struct value *out) {
    struct range *range = heap_take(heap, sizeof *range);
    if (!range) return false;
    uint64_t span = 0, stride = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    if (step > 0 && start < stop) span = (uint64_t)stop - (uint64_t)start;
    if (step < 0 && start > stop) span = (uint64_t)start - (uint64_t)stop;
    uint64_t count = span == 0 ? 0 : (span - 1) / stride + 1;
    *range = (struct range){ start, stop, step, count > INT64_MAX ? INT64_MAX : (int64_t)count };
    *out = (struct value){ .type = VALUE_RANGE, .range = range };
    return true;
}

/* ---- asking ---- */

bool value_truth(struct value value) {
    switch (value.type) {
    case VALUE_MISSING:
    case VALUE_UNDEFINED:
    case VALUE_NONE: return false;
    case VALUE_BOOL: return value.boolean;
    case VALUE_INT: return value.integer != 0;
    case VALUE_FLOAT: return value.real != 0;
    case VALUE_STRING: return value.string->size > 0;
    case VALUE_LIST:
    case VALUE_TUPLE: return value.list->count > 0;
    case VALUE_DICT:
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS: return value.dict->count > 0;
    case VALUE_RANGE: return value.range->count > 0;

    default: return true;
    }
}

const char *value_type_name(struct value value) {
    switch (value.type) {
    case VALUE_MISSING: return "missing";
    case VALUE_UNDEFINED: return "Undefined";
    case VALUE_NONE: return "NoneType";
    case VALUE_BOOL: return "bool";
    case VALUE_INT:
    case VALUE_BIG: return "int";
    case VALUE_FLOAT: return "float";
    case VALUE_STRING: return value.string->markup ? "Markup" : "str";
    case VALUE_LIST: return "list";
    case VALUE_TUPLE: return value.list->group ? "_GroupTuple" : "tuple";
    case VALUE_DICT: return "dict";
    case VALUE_KEYS: return "dict_keys";
    case VALUE_VALUES: return "dict_values";
    case VALUE_ITEMS: return "dict_items";
    case VALUE_RANGE: return "range";
    case VALUE_SLICE: return "slice";
    case VALUE_ITERATOR: return "generator";
    case VALUE_NAMESPACE: return "Namespace";
    case VALUE_MACRO: return "Macro";
    case VALUE_LOOP: return "LoopContext";
    case VALUE_METHOD: return "builtin_function_or_method";
    case VALUE_FUNCTION: return "function";
    case VALUE_CYCLER: return "Cycler";
    case VALUE_JOINER: return "Joiner";
    case VALUE_SELF: return "TemplateReference";
    case VALUE_BLOCK: return "BlockReference";
    }
    return "object";
}

bool value_same(struct value a, struct value b) {
    if (a.type != b.type) return false;
    switch (a.type) {
    case VALUE_NONE: return true;
    case VALUE_BOOL: return a.boolean == b.boolean;
    case VALUE_INT: return a.integer == b.integer;
    case VALUE_FLOAT: return memcmp(&a.real, &b.real, sizeof a.real) == 0;
    case VALUE_STRING:
        return a.string == b.string ||
               (a.string->size == b.string->size && a.string->markup == b.string->markup &&
                (a.string->size == 0 || memcmp(a.string->data, b.string->data, (size_t)a.string->size) == 0));
    default: return a.list == b.list; /* all pointers */
    }
}
