/*
 * < as Python has it: numbers among each other whatever their type, strings by code points (which UTF-8 keeps
 * in order), lists and tuples by the first item that differs, views of a dict by inclusion; nothing else has
 * an order.
 */
#include "template/values/compare.h"
#include "template/values/equal.h"
#include "template/values/undefined.h"

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
        if (!number_order(heap, a, b, &order, &ordered)) return false;
        *holds = ordered && holds_for(how, order);
        return true;
    }
    if (a.type == VALUE_STRING && b.type == VALUE_STRING) {
        *holds = holds_for(how, string_order(a.string, b.string));
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
