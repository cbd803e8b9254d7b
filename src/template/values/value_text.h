/*
 * str() and repr() of values.
 */
#ifndef TEMPLATE_VALUES_VALUE_TEXT_H
#define TEMPLATE_VALUES_VALUE_TEXT_H

#include "template/values/value.h"

SY_MUST_CHECK bool value_print(struct heap *heap, struct value value, struct buffer *out); /* str() */
SY_MUST_CHECK bool value_repr(struct heap *heap, struct value value, struct buffer *out);
SY_MUST_CHECK bool value_to_string(struct heap *heap, struct value value,
                                   struct value *out); /* str(), as a value */
SY_MUST_CHECK bool string_repr(struct heap *heap, const struct string *string, bool ascii,
                               struct buffer *out);
/* "'name'" or the like within a message: the repr, shortened to what a line takes. */
const char *value_quoted(struct heap *heap, struct value value);

#endif
