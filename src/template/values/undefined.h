/*
 * What is not there: a value that says so once somebody uses it.
 */
#ifndef TEMPLATE_VALUES_UNDEFINED_H
#define TEMPLATE_VALUES_UNDEFINED_H

#include "template/values/value.h"

SY_MUST_CHECK bool value_undefined_name(struct heap *heap, const struct string *name, struct value *out);
SY_MUST_CHECK bool value_undefined_hint(struct heap *heap, const char *hint, struct value *out);
SY_MUST_CHECK bool value_undefined_of(struct heap *heap, struct value owner, struct value name, bool unsafe,
                                      struct value *out);
/* Reports that somebody used it. Always false. */
bool undefined_fail(struct heap *heap, struct value undefined);

#endif
