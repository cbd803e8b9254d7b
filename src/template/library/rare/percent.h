/*
 * format % values
 */
#ifndef TEMPLATE_LIBRARY_RARE_PERCENT_H
#define TEMPLATE_LIBRARY_RARE_PERCENT_H

#include "template/values/value.h"

SY_MUST_CHECK bool string_modulo(struct heap *heap, struct value format, struct value values,
                                 struct value *out);

#endif
