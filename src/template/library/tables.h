/*
 * The tables of filters, tests, functions and methods: each ends in a NULL, and stands in the file of its
 * name (those of data in methods_data.c).
 */
#ifndef TEMPLATE_LIBRARY_TABLES_H
#define TEMPLATE_LIBRARY_TABLES_H

#include "template/values/callable.h"

extern const struct filter filters_text[], filters_list[], filters_sort[], filters_select[], filters_number[],
    filters_markup[], filters_print[];
extern const struct test tests[];
extern const struct function functions[];
extern const struct method methods_string[], methods_string_split[], methods_list[], methods_tuple[],
    methods_dict[], methods_view[], methods_integer[], methods_float[], methods_range[], methods_cycler[];

#endif
