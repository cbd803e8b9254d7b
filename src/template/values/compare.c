/*
 * == and <, as Python has them: numbers among each other whatever their type, strings by code points (which
 * UTF-8 keeps in order), lists and tuples item by item; everything else has an equality but no order.
 */
#include "template/values/big.h"
#include "template/values/value.h"

#include <math.h>
#include <string.h>

static int string_compare(const struct string *a, const struct string *b) {
    int64_t shorter = a->size < b->size ? a->size : b->size;
    int order = shorter > 0 ? memcmp(a->data, b->data, (size_t)shorter) : 0;
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* *order, or *ordered = false where one is a NaN. */
static bool number_compare(struct heap *heap, struct value a, struct value b, int *order, bool *ordered) {
    double x = a.type == VALUE_FLOAT ? a.real : 0, y = b.type == VALUE_FLOAT ? b.real : 0;
    *ordered = !isnan(x) && !isnan(y);
    *order = 0;
    if (!*ordered) return true;
    if (a.type == VALUE_FLOAT && b.type == VALUE_FLOAT) {
        *order = (x > y) - (x < y);
    } else if (b.type == VALUE_FLOAT) {
        return integer_compare_double(heap, a, y, order);
    } else if (a.type == VALUE_FLOAT) {
        if (!integer_compare_double(heap, b, x, order)) return false;
        *order = -*order;
    } else {
        *order = integer_compare(a, b);
    }
    return true;
}

/* Items are equal too where they are the same: a NaN in a list equals itself. */
static bool item_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    *equal = true;
    return (value_same(a, b) && a.type != VALUE_BIG) || value_equal(heap, a, b, equal);
}

static bool list_equal(struct heap *heap, const struct list *a, const struct list *b, bool *equal) {
    *equal = a->count == b->count;
    if (a == b) return true;
    for (int64_t i = 0; *equal && i < a->count; i++)
        if (!item_equal(heap, a->items[i], b->items[i], equal)) return false;
    return true;
}

static bool dict_equal(struct heap *heap, const struct dict *a, const struct dict *b, bool *equal) {
    *equal = a->count == b->count;
    if (a == b) return true;
    for (int64_t i = 0; *equal && i < a->count; i++) {
        bool failed;
        struct dict_entry *other = dict_find(heap, b, a->entries[i].key, &failed);
        if (failed || (other && !item_equal(heap, a->entries[i].value, other->value, equal))) return false;
        if (!other) *equal = false;
    }
    return true;
}

/* Keys alone, as sets. */
static bool keys_equal(struct heap *heap, const struct dict *a, const struct dict *b, bool *equal) {
    *equal = a->count == b->count;
    for (int64_t i = 0; *equal && i < a->count; i++) {
        bool failed;
        *equal = dict_find(heap, b, a->entries[i].key, &failed) != NULL;
        if (failed) return false;
    }
    return true;
}

static bool range_equal(const struct range *a, const struct range *b) {
    if (a->count != b->count || a->count == 0) return a->count == b->count;
    return a->start == b->start && (a->count == 1 || a->step == b->step);
}

static bool container_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    switch (a.type) {
    case VALUE_LIST:
    case VALUE_TUPLE: return list_equal(heap, a.list, b.list, equal);
    case VALUE_DICT: return dict_equal(heap, a.dict, b.dict, equal);
    case VALUE_KEYS: return keys_equal(heap, a.dict, b.dict, equal);
    case VALUE_ITEMS: return dict_equal(heap, a.dict, b.dict, equal);
    case VALUE_RANGE: *equal = range_equal(a.range, b.range); return true;
    case VALUE_SLICE:
        *equal = false;
        return item_equal(heap, a.slice->start, b.slice->start, equal) &&
               (!*equal || item_equal(heap, a.slice->stop, b.slice->stop, equal)) &&
               (!*equal || item_equal(heap, a.slice->step, b.slice->step, equal));
    case VALUE_UNDEFINED: *equal = true; return true;
    default: *equal = value_same(a, b); return true;
    }
}

bool value_equal(struct heap *heap, struct value a, struct value b, bool *equal) {
    if (!heap_work(heap, 1)) return false;
    if (value_is_number(a) && value_is_number(b)) {
        int order;
        bool ordered, done = number_compare(heap, a, b, &order, &ordered);
        *equal = done && ordered && order == 0;
        return done;
    }
    *equal = false;
    if (a.type != b.type) return true;
    if (a.type == VALUE_STRING) {
        *equal = a.string->size == b.string->size && string_compare(a.string, b.string) == 0;
        return heap_copy_work(heap, a.string->size);
    }
    if (!heap_enter(heap) || !container_equal(heap, a, b, equal)) return false;
    heap_leave(heap);
    return true;
}

static bool holds_for(enum comparison how, int order) {
    switch (how) {
    case COMPARE_LESS: return order < 0;
    case COMPARE_LESS_EQUAL: return order <= 0;
    case COMPARE_GREATER: return order > 0;
    default: return order >= 0;
    }
}

static bool list_compare(struct heap *heap, enum comparison how, const struct list *a, const struct list *b,
                         bool *holds) {
    if (!heap_enter(heap)) return false;
    for (int64_t i = 0; i < a->count && i < b->count; i++) {
        bool equal;
        if (!item_equal(heap, a->items[i], b->items[i], &equal)) return false;
        if (equal) continue;
        if (!value_compare(heap, how, a->items[i], b->items[i], holds)) return false;
        heap_leave(heap);
        return true;
    }
    heap_leave(heap);
    *holds = holds_for(how, (a->count > b->count) - (a->count < b->count));
    return true;
}

static bool is_view(struct value value) {
    return value.type == VALUE_KEYS || value.type == VALUE_ITEMS;
}

/* Views are ordered as sets are: by inclusion. */
static bool view_compare(struct heap *heap, enum comparison how, struct value a, struct value b,
                         bool *holds) {
    bool turned = how == COMPARE_GREATER || how == COMPARE_GREATER_EQUAL, inside = true;
    const struct dict *small = turned ? b.dict : a.dict, *large = turned ? a.dict : b.dict;
    for (int64_t i = 0; inside && i < small->count; i++) {
        bool failed;
        struct dict_entry *other = dict_find(heap, large, small->entries[i].key, &failed);
        inside = other != NULL;
        if (failed) return false;
        if (other && a.type == VALUE_ITEMS &&
            !item_equal(heap, small->entries[i].value, other->value, &inside))
            return false;
    }
    bool strict = how == COMPARE_LESS || how == COMPARE_GREATER;
    *holds = inside && (!strict || small->count < large->count);
    return true;
}

bool value_compare(struct heap *heap, enum comparison how, struct value a, struct value b, bool *holds) {
    static const char *const signs[] = { "<", "<=", ">", ">=" };
    if (!heap_work(heap, 1)) return false;
    if (value_is_number(a) && value_is_number(b)) {
        int order;
        bool ordered;
        if (!number_compare(heap, a, b, &order, &ordered)) return false;
        *holds = ordered && holds_for(how, order);
        return true;
    }
    if (a.type == VALUE_STRING && b.type == VALUE_STRING) {
        *holds = holds_for(how, string_compare(a.string, b.string));
        return heap_copy_work(heap, a.string->size < b.string->size ? a.string->size : b.string->size);
    }
    if (a.type == b.type && (a.type == VALUE_LIST || a.type == VALUE_TUPLE))
        return list_compare(heap, how, a.list, b.list, holds);
    if (a.type == b.type && is_view(a)) return view_compare(heap, how, a, b, holds);
    if (a.type == VALUE_UNDEFINED) return undefined_fail(heap, a);
    if (b.type == VALUE_UNDEFINED) return undefined_fail(heap, b);
    return heap_fail(heap, "'%s' not supported between instances of '%s' and '%s'", signs[how],
                     value_type_name(a), value_type_name(b));
}
