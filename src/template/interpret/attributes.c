/*
 * Attributes and elements: x.name looks for an attribute first and an element second, x['name'] the other way
 * round. The sandbox hides what begins with an underscore and what would change a list or dict: such a name
 * is there but undefined, and an error once it is used.
 */
#include "template/interpret/attributes.h"
#include "template/interpret/loop.h"
#include "template/interpret/macro.h"
#include "template/values/big.h"
#include "template/values/equal.h"
#include "template/values/slices.h"
#include "template/values/undefined.h"

#include <string.h>

/* ---- what the sandbox hides ---- */

static bool in_words(const struct string *name, const char *const *words) {
    for (; *words; words++)
        if (string_equals(name, *words)) return true;
    return false;
}

/* Methods that exist, and that a template may not touch. */
static bool changes(struct value of, const struct string *name) {
    static const char *const of_list[] = { "append", "clear",  "pop",    "reverse", "insert",
                                           "sort",   "extend", "remove", NULL };
    static const char *const of_dict[] = { "clear", "pop", "popitem", "setdefault", "update", NULL };
    return (of.type == VALUE_LIST && in_words(name, of_list)) ||
           (of.type == VALUE_DICT && in_words(name, of_dict));
}

/* The underscored names that every Python object has, or this one. */
static bool is_internal(struct value of, const struct string *name) {
    static const char *const of_all[] = { "__class__",
                                          "__doc__",
                                          "__init__",
                                          "__new__",
                                          "__repr__",
                                          "__str__",
                                          "__hash__",
                                          "__eq__",
                                          "__ne__",
                                          "__lt__",
                                          "__le__",
                                          "__gt__",
                                          "__ge__",
                                          "__dir__",
                                          "__format__",
                                          "__reduce__",
                                          "__reduce_ex__",
                                          "__sizeof__",
                                          "__getattribute__",
                                          "__setattr__",
                                          "__delattr__",
                                          "__subclasshook__",
                                          "__init_subclass__",
                                          NULL };
    static const char *const of_containers[] = {
        "__len__",  "__iter__",     "__contains__", "__getitem__", "__add__",           "__mul__",
        "__rmul__", "__reversed__", "__setitem__",  "__delitem__", "__class_getitem__", "__or__",
        "__ior__",  "__iadd__",     "__imul__",     NULL
    };
    static const char *const of_functions[] = { "__globals__", "__code__",     "__closure__", "__defaults__",
                                                "__name__",    "__qualname__", "__module__",  "__self__",
                                                "__call__",    "__dict__",     NULL };
    if (name->size < 1 || name->data[0] != '_') return false;
    if (in_words(name, of_all)) return true;
    bool function = of.type == VALUE_MACRO || of.type == VALUE_FUNCTION || of.type == VALUE_METHOD;
    if (function || of.type == VALUE_LOOP || of.type == VALUE_CYCLER || of.type == VALUE_JOINER)
        return in_words(name, of_functions);
    bool number = value_is_number(of) || of.type == VALUE_NONE;
    return !number && in_words(name, of_containers);
}

/* ---- attributes ---- */

static bool number_attribute(struct value of, const struct string *name, struct value *out) {
    bool integer = value_is_integer(of);
    struct value plain = of.type == VALUE_BOOL ? value_int(of.boolean) : of;
    if (string_equals(name, "real"))
        *out = plain;
    else if (string_equals(name, "imag"))
        *out = integer ? value_int(0) : value_float(0);
    else if (integer && string_equals(name, "numerator"))
        *out = plain;
    else if (integer && string_equals(name, "denominator"))
        *out = value_int(1);
    else
        return false;
    return true;
}

static bool list_attribute(struct value of, const struct string *name, struct value *out) {
    bool first = string_equals(name, "grouper");
    if (!of.list->group || (!first && !string_equals(name, "list"))) return false;
    *out = of.list->items[first ? 0 : 1];
    return true;
}

static bool range_attribute(const struct range *range, const struct string *name, struct value *out) {
    if (string_equals(name, "start"))
        *out = value_int(range->start);
    else if (string_equals(name, "stop"))
        *out = value_int(range->stop);
    else if (string_equals(name, "step"))
        *out = value_int(range->step);
    else
        return false;
    return true;
}

static bool block_attribute(struct run *run, const struct string *name, bool *found, struct value *out) {
    for (int64_t i = 0; i < run->tree->block_count && !*found; i++) {
        const struct block *block = run->tree->blocks[i];
        *found = value_same(value_of_string(block->name), value_of_string(name));
        *out = (struct value){ .type = VALUE_BLOCK, .block = block };
    }
    return true;
}

static bool cycler_attribute(const struct cycler *cycler, const struct string *name, struct value *out) {
    if (string_equals(name, "current"))
        *out = cycler->items->items[cycler->position];
    else if (string_equals(name, "pos"))
        *out = value_int(cycler->position);
    else if (string_equals(name, "items"))
        *out = (struct value){ .type = VALUE_TUPLE, .list = cycler->items };
    else
        return false;
    return true;
}

static bool data_attribute(struct run *run, struct value of, const struct string *name, bool *found,
                           struct value *out) {
    const struct dict_entry *entry;
    *found = false;
    switch (of.type) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIG:
    case VALUE_FLOAT: *found = number_attribute(of, name, out); return true;
    case VALUE_TUPLE: *found = list_attribute(of, name, out); return true;
    case VALUE_RANGE: *found = range_attribute(of.range, name, out); return true;
    case VALUE_NAMESPACE:
        entry = dict_find_text(of.dict, name->data, name->size);
        *found = entry != NULL;
        if (entry) *out = entry->value;
        return true;
    case VALUE_LOOP: return loop_attribute(run, of.loop, name, found, out);
    case VALUE_MACRO: return macro_attribute(run, of.macro, name, found, out);
    case VALUE_CYCLER: *found = cycler_attribute(of.cycler, name, out); return true;
    case VALUE_SELF: return block_attribute(run, name, found, out);
    case VALUE_JOINER:
        *found = string_equals(name, "sep") || string_equals(name, "used");
        *out =
            string_equals(name, "sep") ? value_of_string(of.joiner->separator) : value_bool(of.joiner->used);
        return true;
    default: return true;
    }
}

bool object_attribute(struct run *run, struct value of, const struct string *name, bool *found,
                      struct value *out) {
    *found = true;
    if (of.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, of);
    bool hidden = of.type != VALUE_NAMESPACE && (is_internal(of, name) || changes(of, name));
    if (hidden) return value_undefined_of(&run->heap, of, value_of_string(name), true, out);
    if (!data_attribute(run, of, name, found, out)) return false;
    if (*found) {
        bool visible = name->size == 0 || name->data[0] != '_';
        return visible || value_undefined_of(&run->heap, of, value_of_string(name), true, out);
    }
    const struct method *method = run->library->method(of.type, name);
    if (!method) return true;
    struct method_value *bound = heap_take(&run->heap, sizeof *bound);
    if (!bound) return false;
    *bound = (struct method_value){ method, of };
    *found = true;
    *out = (struct value){ .type = VALUE_METHOD, .method = bound };
    return true;
}

/* ---- elements ---- */

/* x[i] by Python alone; *found is false where that raises a TypeError or LookupError. */
static bool element(struct run *run, struct value of, struct value index, bool *found, struct value *out) {
    *found = false;
    if (of.type == VALUE_DICT) {
        bool list = index.type == VALUE_LIST || index.type == VALUE_DICT || index.type == VALUE_SLICE;
        bool failed = false;
        int64_t depth = run->heap.depth;
        struct dict_entry *entry = list ? NULL : dict_find(&run->heap, of.dict, index, &failed);
        if (failed && run->heap.err->code == SY_ERR_FORMAT) { /* a tuple that holds a list: unhashable */
            *run->heap.err = (struct sy_error){ .code = SY_OK };
            run->heap.depth = depth;
            failed = false;
        }
        *found = entry != NULL;
        if (entry) *out = entry->value;
        return !failed;
    }
    if (of.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, of);
    if (!value_is_integer(index)) return true;
    int64_t count = of.type == VALUE_STRING                           ? of.string->points
                    : of.type == VALUE_LIST || of.type == VALUE_TUPLE ? of.list->count
                    : of.type == VALUE_RANGE                          ? of.range->count
                                                                      : 0;
    int64_t at = integer_clamped(index);
    if (at < 0) at += count;
    if (at < 0 || at >= count) return true;
    *found = true;
    if (of.type == VALUE_STRING) return string_part(&run->heap, of.string, at, at + 1, out);
    *out = of.type == VALUE_RANGE ? value_int(of.range->start + at * of.range->step) : of.list->items[at];
    return true;
}

bool value_attribute(struct run *run, struct value of, const struct string *name, struct value *out) {
    bool found;
    if (!object_attribute(run, of, name, &found, out)) return false;
    if (!found && !element(run, of, value_of_string(name), &found, out)) return false;
    return found || value_undefined_of(&run->heap, of, value_of_string(name), false, out);
}

bool value_item(struct run *run, struct value of, struct value index, struct value *out) {
    bool found;
    if (!element(run, of, index, &found, out)) return false;
    if (!found && index.type == VALUE_STRING && !object_attribute(run, of, index.string, &found, out))
        return false;
    return found || value_undefined_of(&run->heap, of, index, false, out);
}

/* ---- paths, as filters take them ---- */

static bool is_digits(const char *text, int64_t size) {
    for (int64_t i = 0; i < size; i++)
        if (text[i] < '0' || text[i] > '9') return false;
    return size > 0;
}

bool attribute_path(struct run *run, struct value of, struct value path, struct value fallback,
                    struct value *out) {
    *out = of;
    if (path.type == VALUE_NONE || path.type == VALUE_MISSING) return true;
    if (path.type != VALUE_STRING) {
        if (!value_item(run, of, path, out)) return false;
        if (out->type == VALUE_UNDEFINED && fallback.type != VALUE_MISSING) *out = fallback;
        return true;
    }
    const struct string *text = path.string;
    for (int64_t at = 0; at <= text->size;) {
        int64_t dot = bytes_find(text->data, text->size, at, ".", 1), end = dot < 0 ? text->size : dot;
        struct value part;
        bool made = is_digits(text->data + at, end - at)
                        ? integer_from_digits(&run->heap, text->data + at, end - at, 10, false, &part)
                        : value_string_of(&run->heap, text->data + at, end - at, -1, &part);
        if (!made || !value_item(run, *out, part, out)) return false;
        if (out->type == VALUE_UNDEFINED && fallback.type != VALUE_MISSING) *out = fallback;
        at = end + 1;
    }
    return true;
}

/* ---- length and membership ---- */

bool value_length(struct run *run, struct value value, int64_t *length) {
    switch (value.type) {
    case VALUE_UNDEFINED: *length = 0; return true;
    case VALUE_STRING: *length = value.string->points; return true;
    case VALUE_LIST:
    case VALUE_TUPLE: *length = value.list->count; return true;
    case VALUE_DICT:
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS: *length = value.dict->count; return true;
    case VALUE_RANGE: *length = value.range->count; return true;
    case VALUE_LOOP: return loop_length(run, value.loop, length);
    default: return heap_fail(&run->heap, "object of type '%s' has no len()", value_type_name(value));
    }
}

static bool range_contains(const struct range *range, struct value item) {
    int64_t at = integer_clamped(item), difference;
    if (item.type == VALUE_BIG || range->count == 0) return false;
    bool inside =
        range->step > 0 ? at >= range->start && at < range->stop : at <= range->start && at > range->stop;
    return inside && !__builtin_sub_overflow(at, range->start, &difference) && difference % range->step == 0;
}

bool value_contains(struct run *run, struct value container, struct value item, bool *contains) {
    struct heap *heap = &run->heap;
    struct iterator *iterator;
    struct value each;
    bool failed, more;
    *contains = false;
    if (container.type == VALUE_STRING) {
        if (item.type != VALUE_STRING)
            return heap_fail(heap, "'in <string>' requires string as left operand, not %s",
                             value_type_name(item));
        const struct string *text = container.string;
        *contains = bytes_find(text->data, text->size, 0, item.string->data, item.string->size) >= 0;
        return heap_copy_work(heap, text->size);
    }
    if (container.type == VALUE_DICT || container.type == VALUE_KEYS) {
        *contains = dict_find(heap, container.dict, item, &failed) != NULL;
        return !failed;
    }
    if (container.type == VALUE_RANGE && value_is_integer(item)) {
        *contains = range_contains(container.range, item);
        return true;
    }
    if (!value_is_iterable(container))
        return heap_fail(heap, "argument of type '%s' is not iterable", value_type_name(container));
    if (!iterate(run, container, &iterator)) return false;
    while (!*contains) {
        if (!iterator_next(run, iterator, &each, &more)) return false;
        if (!more) return true;
        if (!value_equal(heap, each, item, contains)) return false;
    }
    return true;
}
