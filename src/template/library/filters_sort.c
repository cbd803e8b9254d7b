/*
 * Filters that order: sort, dictsort, groupby.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/iterate.h"
#include "template/library/tables.h"
#include "template/values/equal.h"
#include "template/values/slices.h"
#include "template/values/sort.h"
#include "template/values/text_tools.h"
#include "template/values/undefined.h"

#include <string.h>

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

/* "a,b.c": the list of what each path leads to. */
static bool sort_key(struct run *run, struct value item, struct value attribute, bool case_sensitive,
                     struct value *out) {
    struct values parts = { 0 };
    struct value part;
    if (attribute.type != VALUE_STRING) { /* a list too, for lists of what has no order may still be equal */
        return attribute_path(run, item, attribute, value_missing, &part) &&
               fold_case(&run->heap, part, case_sensitive, &part) && values_add(&run->heap, &parts, part) &&
               value_list(&run->heap, VALUE_LIST, parts.items, parts.count, out);
    }
    const struct string *text = attribute.string;
    for (int64_t at = 0; at <= text->size;) {
        int64_t comma = bytes_find(text->data, text->size, at, ",", 1), end = comma < 0 ? text->size : comma;
        struct value path;
        if (!value_string_of(&run->heap, text->data + at, end - at, -1, &path) ||
            !attribute_path(run, item, path, value_missing, &part) ||
            !fold_case(&run->heap, part, case_sensitive, &part) || !values_add(&run->heap, &parts, part))
            return false;
        at = end + 1;
    }
    return value_list(&run->heap, VALUE_LIST, parts.items, parts.count, out);
}

/* sorted() takes a C integer for `reverse`. */
static bool reverse_of(struct run *run, struct value value, bool *reverse) {
    int64_t number;
    if (!argument_integer(run, value, 0, &number)) return false;
    *reverse = number != 0;
    return number == (int)number || heap_fail(&run->heap, "Python int too large to convert to C int");
}

FILTER(filter_sort) {
    struct value values[3];
    struct values items = { 0 };
    bool reverse;
    if (!arguments_bind(run, arguments, "sort [reverse case_sensitive attribute]", values) ||
        !iterate_all(run, subject, &items))
        return false;
    struct value *keys = heap_array(&run->heap, items.count, sizeof *keys);
    if (!keys) return false;
    for (int64_t i = 0; i < items.count; i++)
        if (!sort_key(run, items.items[i], values[2], value_truth(values[1]), &keys[i])) return false;
    return reverse_of(run, values[0], &reverse) &&
           sort_values(&run->heap, items.items, keys, items.count, reverse) &&
           value_list(&run->heap, VALUE_LIST, items.items, items.count, out);
}

FILTER(filter_dictsort) {
    struct value values[3];
    struct values items = { 0 };
    bool by_value = false, reverse;
    if (!arguments_bind(run, arguments, "dictsort [case_sensitive by reverse]", values)) return false;
    if (values[1].type != VALUE_MISSING) {
        by_value = values[1].type == VALUE_STRING && string_equals(values[1].string, "value");
        if (!by_value && !(values[1].type == VALUE_STRING && string_equals(values[1].string, "key")))
            return heap_fail(&run->heap, "You can only sort by either \"key\" or \"value\"");
    }
    if (subject.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, subject);
    if (subject.type != VALUE_DICT)
        return heap_fail(&run->heap, "'%s' object has no attribute 'items'", value_type_name(subject));
    subject.type = VALUE_ITEMS;
    if (!iterate_all(run, subject, &items)) return false;
    struct value *keys = heap_array(&run->heap, items.count, sizeof *keys);
    if (!keys) return false;
    for (int64_t i = 0; i < items.count; i++)
        if (!fold_case(&run->heap, items.items[i].list->items[by_value], value_truth(values[0]), &keys[i]))
            return false;
    return reverse_of(run, values[2], &reverse) &&
           sort_values(&run->heap, items.items, keys, items.count, reverse) &&
           value_list(&run->heap, VALUE_LIST, items.items, items.count, out);
}

/* The group [from, to) of sorted items, under the first one's own key. */
static bool make_group(struct run *run, const struct value *items, int64_t from, int64_t to, struct value key,
                       struct value *out) {
    struct value members, *pair = heap_array(&run->heap, 2, sizeof *pair);
    struct list *list = heap_take(&run->heap, sizeof *list);
    if (!pair || !list || !value_list(&run->heap, VALUE_LIST, items + from, to - from, &members))
        return false;
    pair[0] = key;
    pair[1] = members;
    *list = (struct list){ .items = pair, .count = 2, .group = true };
    *out = (struct value){ .type = VALUE_TUPLE, .list = list };
    return true;
}

FILTER(filter_groupby) {
    struct value values[3], fallback;
    struct values items = { 0 }, groups = { 0 };
    if (!arguments_bind(run, arguments, "groupby attribute [default case_sensitive]", values) ||
        !iterate_all(run, subject, &items))
        return false;
    bool case_sensitive = value_truth(values[2]);
    fallback = values[1].type == VALUE_NONE ? value_missing : values[1];
    struct value *keys = heap_array(&run->heap, items.count, sizeof *keys);
    if (!keys) return false;
    for (int64_t i = 0; i < items.count; i++)
        if (!attribute_path(run, items.items[i], values[0], fallback, &keys[i]) ||
            !fold_case(&run->heap, keys[i], case_sensitive, &keys[i]))
            return false;
    if (!sort_values(&run->heap, items.items, keys, items.count, false)) return false;
    for (int64_t from = 0, to; from < items.count; from = to) {
        struct value key, group;
        bool same = true;
        for (to = from + 1; to < items.count; to += same) {
            if (!value_equal(&run->heap, keys[from], keys[to], &same)) return false;
            if (!same) break;
        }
        if (!attribute_path(run, items.items[from], values[0], fallback, &key) ||
            !make_group(run, items.items, from, to, key, &group) || !values_add(&run->heap, &groups, group))
            return false;
    }
    return value_list(&run->heap, VALUE_LIST, groups.items, groups.count, out);
}

const struct filter filters_sort[] = {
    { "sort", filter_sort }, { "dictsort", filter_dictsort }, { "groupby", filter_groupby }, { NULL, NULL }
};
