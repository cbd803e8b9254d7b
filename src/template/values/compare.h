/*
 * < as Python has it.
 */
#ifndef TEMPLATE_VALUES_COMPARE_H
#define TEMPLATE_VALUES_COMPARE_H

#include "template/values/value.h"

enum comparison { COMPARE_LESS, COMPARE_LESS_EQUAL, COMPARE_GREATER, COMPARE_GREATER_EQUAL };
SY_MUST_CHECK bool value_compare(struct heap *heap, enum comparison how, struct value a, struct value b,
                                 bool *holds);

#endif
