/*
 * a OP b, as a template has it.
 */
#ifndef TEMPLATE_INTERPRET_OPERATE_H
#define TEMPLATE_INTERPRET_OPERATE_H

#include "template/values/operators.h"

struct run;

SY_MUST_CHECK bool operate(struct run *run, enum operator_kind kind, struct value a, struct value b,
                           struct value *out);

#endif
