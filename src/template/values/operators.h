/*
 * The operators between values: + - * / // % ** and their unary forms.
 */
#ifndef TEMPLATE_VALUES_OPERATORS_H
#define TEMPLATE_VALUES_OPERATORS_H

#include "template/values/value.h"

enum operator_kind {
    OPERATOR_ADD,
    OPERATOR_SUBTRACT,
    OPERATOR_MULTIPLY,
    OPERATOR_DIVIDE,
    OPERATOR_FLOOR_DIVIDE,
    OPERATOR_MODULO,
    OPERATOR_POWER,
};

/* All but string % values, which is the library's. */
SY_MUST_CHECK bool value_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                                 struct value *out);
SY_MUST_CHECK bool number_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                                  struct value *out); /* both are numbers */
SY_MUST_CHECK bool value_negate(struct heap *heap, struct value value, struct value *out);
SY_MUST_CHECK bool value_plus(struct heap *heap, struct value value, struct value *out);
SY_MUST_CHECK bool value_absolute(struct heap *heap, struct value value, struct value *out);

#endif
