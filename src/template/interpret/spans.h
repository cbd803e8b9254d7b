/*
 * Noting what {% generation %} blocks print.
 */
#ifndef TEMPLATE_INTERPRET_SPANS_H
#define TEMPLATE_INTERPRET_SPANS_H

#include "template/template.h"

SY_MUST_CHECK bool spans_add(struct template_spans *spans, int64_t begin, int64_t end, struct sy_error *err);

#endif
