/*
 * sorted() as Python has it.
 */
#ifndef TEMPLATE_VALUES_SORT_H
#define TEMPLATE_VALUES_SORT_H

#include "template/values/value.h"

/* Orders items by their keys, and the keys with them. */
SY_MUST_CHECK bool sort_values(struct heap *heap, struct value *items, struct value *keys, int64_t count,
                               bool reverse);

#endif
