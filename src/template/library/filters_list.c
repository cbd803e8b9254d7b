/*
 * Filters of sequences: ends, order, groups, sums.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/iterate.h"
#include "template/interpret/operate.h"
#include "template/library/tables.h"
#include "template/values/compare.h"
#include "template/values/markup.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

FILTER(filter_length) {
    int64_t length;
    if (!arguments_bind(run, arguments, "len", NULL) || !value_length(run, subject, &length)) return false;
    *out = value_int(length);
    return true;
}

FILTER(filter_first) {
    struct iterator *iterator;
    bool more;
    return arguments_bind(run, arguments, "first", NULL) && iterate(run, subject, &iterator) &&
           iterator_next(run, iterator, out, &more) &&
           (more || value_undefined_hint(&run->heap, "No first item, sequence was empty.", out));
}

/* All items, of what Python can go through backwards. */
static bool reversible(struct run *run, struct value value, bool *can, struct values *items) {
    *can = value_is_iterable(value) && value.type != VALUE_ITERATOR && value.type != VALUE_LOOP;
    return !*can || iterate_all(run, value, items);
}

FILTER(filter_last) {
    struct values items = { 0 };
    bool can;
    if (!arguments_bind(run, arguments, "last", NULL) || !reversible(run, subject, &can, &items))
        return false;
    if (!can) return heap_fail(&run->heap, "'%s' object is not reversible", value_type_name(subject));
    if (items.count == 0) return value_undefined_hint(&run->heap, "No last item, sequence was empty.", out);
    *out = items.items[items.count - 1];
    return true;
}

FILTER(filter_list) {
    struct values items = { 0 };
    return arguments_bind(run, arguments, "list", NULL) && iterate_all(run, subject, &items) &&
           value_list(&run->heap, VALUE_LIST, items.items, items.count, out);
}

FILTER(filter_reverse) {
    static const struct slice backwards = { { .type = VALUE_NONE },
                                            { .type = VALUE_NONE },
                                            { .type = VALUE_INT, .integer = -1 } };
    struct values items = { 0 };
    struct value all;
    bool can;
    if (!arguments_bind(run, arguments, "reverse", NULL)) return false;
    if (subject.type == VALUE_STRING) return value_slice(&run->heap, subject, &backwards, out);
    if (!reversible(run, subject, &can, &items)) return false;
    if (!value_is_iterable(subject)) return heap_fail(&run->heap, "argument must be iterable");
    if (!can && !iterate_all(run, subject, &items)) return false;
    if (!value_list(&run->heap, VALUE_LIST, items.items, items.count, &all) ||
        !value_slice(&run->heap, all, &backwards, &all))
        return false;
    *out = all;
    if (!can) return true; /* a generator's items become a list, the rest is gone through backwards */
    out->type = VALUE_ITERATOR;
    return iterate(run, all, &out->iterator);
}

FILTER(filter_join) {
    struct heap *heap = &run->heap;
    struct value values[2], separator, item;
    struct values items = { 0 };
    struct buffer joined = { 0 };
    if (!arguments_bind(run, arguments, "join [d attribute]", values) || !iterate_all(run, subject, &items))
        return false;
    separator = values[0];
    if (separator.type == VALUE_MISSING && !value_text(heap, "", &separator)) return false;
    bool markup = separator.type == VALUE_STRING && separator.string->markup;
    for (int64_t i = 0; i < items.count; i++) {
        if (!attribute_path(run, items.items[i], values[1], value_missing, &items.items[i])) return false;
        markup |= items.items[i].type == VALUE_STRING && items.items[i].string->markup;
    }
    markup = markup && run->autoescape;
    for (int64_t i = 0; i < items.count; i++) {
        item = items.items[i];
        if (markup && (!markup_escape(heap, item, &item) || !markup_escape(heap, separator, &separator)))
            return false;
        if ((i > 0 && !value_print(heap, separator, &joined)) || !value_print(heap, item, &joined))
            return false;
    }
    return value_buffer(heap, &joined, out) && (!markup || value_markup(heap, *out, true, out));
}

FILTER(filter_sum) {
    struct value values[2], item;
    struct iterator *iterator;
    bool more;
    if (!arguments_bind(run, arguments, "sum [attribute start]", values) || !iterate(run, subject, &iterator))
        return false;
    *out = value_or(values[1], value_int(0));
    if (out->type == VALUE_STRING)
        return heap_fail(&run->heap, "sum() can't sum strings [use ''.join(seq) instead]");
    for (;;) {
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (!more) return true;
        if (!attribute_path(run, item, values[0], value_missing, &item) ||
            !operate(run, OPERATOR_ADD, *out, item, out))
            return false;
    }
}

/* ---- extremes ---- */

static bool extreme(struct run *run, struct value subject, const struct arguments *arguments, bool most,
                    struct value *out) {
    struct value values[2], item, key, best = value_missing;
    struct iterator *iterator;
    bool more;
    if (!arguments_bind(run, arguments,
                        most ? "max [case_sensitive attribute]" : "min [case_sensitive attribute]", values) ||
        !iterate(run, subject, &iterator))
        return false;
    for (;;) {
        bool better = true;
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (!more) break;
        if (!attribute_path(run, item, values[1], value_missing, &key) ||
            !fold_case(&run->heap, key, value_truth(values[0]), &key))
            return false;
        enum comparison how = most ? COMPARE_GREATER : COMPARE_LESS;
        if (best.type != VALUE_MISSING && !value_compare(&run->heap, how, key, best, &better)) return false;
        if (better) best = key;
        if (better) *out = item;
    }
    return best.type != VALUE_MISSING ||
           value_undefined_hint(&run->heap, "No aggregated item, sequence was empty.", out);
}

FILTER(filter_min) {
    return extreme(run, subject, arguments, false, out);
}

FILTER(filter_max) {
    return extreme(run, subject, arguments, true, out);
}

/* Any one: which follows from the time and from how far the rendering is. */
FILTER(filter_random) {
    int64_t length;
    if (!arguments_bind(run, arguments, "random", NULL) || !value_length(run, subject, &length)) return false;
    if (length == 0) return value_undefined_hint(&run->heap, "No random item, sequence was empty.", out);
    uint64_t mixed = ((uint64_t)run->clock.seconds + (uint64_t)run->heap.work) * 0x9e3779b97f4a7c15u;
    if (subject.type == VALUE_KEYS || subject.type == VALUE_VALUES || subject.type == VALUE_ITEMS)
        return heap_fail(&run->heap, "'%s' object is not subscriptable", value_type_name(subject));
    return value_item(run, subject, value_int((int64_t)((mixed >> 20) % (uint64_t)length)), out);
}

const struct filter filters_list[] = {
    { "length", filter_length }, { "count", filter_length },  { "first", filter_first },
    { "last", filter_last },     { "list", filter_list },     { "reverse", filter_reverse },
    { "join", filter_join },     { "sum", filter_sum },       { "min", filter_min },
    { "max", filter_max },       { "random", filter_random }, { NULL, NULL },
};
