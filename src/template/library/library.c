/*
 * All that is called by name, and finding it there.
 */
#include "template/library/library.h"
#include "template/interpret/loop.h"
#include "template/library/rare/percent.h"
#include "template/library/rare/rare_tables.h"
#include "template/library/tables.h"

#include <string.h>

static const struct filter *find_filter(const struct string *name) {
    static const struct filter *const tables[] = { filters_text,   filters_text_shape, filters_list,
                                                   filters_sort,   filters_select,     filters_number,
                                                   filters_markup, filters_url,        filters_print };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct filter *filter = tables[i]; filter->name; filter++)
            if (string_equals(name, filter->name)) return filter;
    return NULL;
}

static const struct test *find_test(const struct string *name) {
    for (const struct test *test = tests; test->name; test++)
        if (string_equals(name, test->name)) return test;
    return NULL;
}

static const struct function *find_function(const struct string *name) {
    for (const struct function *function = functions; function->name; function++)
        if (string_equals(name, function->name)) return function;
    return NULL;
}

static const struct method *find_in(const struct method *table, const struct string *name) {
    for (; table->name; table++)
        if (string_equals(name, table->name)) return table;
    return NULL;
}

static const struct method *find_method(enum value_type of, const struct string *name) {
    const struct method *found = NULL;
    switch (of) {
    case VALUE_STRING:
        found = find_in(methods_string, name);
        if (!found) found = find_in(methods_string_kind, name);
        return found ? found : find_in(methods_string_split, name);
    case VALUE_LIST: return find_in(methods_list, name);
    case VALUE_TUPLE: return find_in(methods_tuple, name);
    case VALUE_DICT: return find_in(methods_dict, name);
    case VALUE_KEYS:
    case VALUE_VALUES:
    case VALUE_ITEMS: return find_in(methods_view, name);
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_BIG: return find_in(methods_integer, name);
    case VALUE_FLOAT: return find_in(methods_float, name);
    case VALUE_RANGE: return find_in(methods_range, name);
    case VALUE_LOOP: return find_in(methods_loop, name);
    case VALUE_CYCLER: return find_in(methods_cycler, name);
    default: return NULL;
    }
}

const struct library template_library = {
    .filter = find_filter,
    .test = find_test,
    .function = find_function,
    .method = find_method,
    .modulo = string_modulo,
};
