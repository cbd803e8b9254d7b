/*
 * Finding filters, tests, functions and methods by name.
 */
#include "template/library/library.h"
#include "template/interpret/interpreter.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"

#include <string.h>

const struct filter *filter_find(const struct string *name) {
    static const struct filter *const tables[] = { filters_text,   filters_text_shape, filters_list,
                                                   filters_sort,   filters_select,     filters_number,
                                                   filters_markup, filters_url,        filters_print };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct filter *filter = tables[i]; filter->name; filter++)
            if (string_equals(name, filter->name)) return filter;
    return NULL;
}

const struct test *test_find(const struct string *name) {
    for (const struct test *test = tests; test->name; test++)
        if (string_equals(name, test->name)) return test;
    return NULL;
}

const struct function *function_find(const struct string *name) {
    for (const struct function *function = functions; function->name; function++)
        if (string_equals(name, function->name)) return function;
    return NULL;
}

const struct method *method_find(const struct method *table, const struct string *name) {
    for (; table->name; table++)
        if (string_equals(name, table->name)) return table;
    return NULL;
}

bool argument_integer(struct run *run, struct value value, int64_t otherwise, int64_t *out) {
    *out = otherwise;
    return value.type == VALUE_MISSING || value_index(&run->heap, value, out);
}

bool fold_case(struct run *run, struct value value, bool case_sensitive, struct value *out) {
    *out = value;
    if (case_sensitive || value.type != VALUE_STRING) return true;
    return text_case(&run->heap, value.string, CASE_LOWER, out);
}
