/*
 * Numbers to text and back, as Python's repr, int() and float() do it.
 */
#ifndef TEMPLATE_VALUES_NUMBER_TEXT_H
#define TEMPLATE_VALUES_NUMBER_TEXT_H

#include "template/values/value.h"

#define FLOAT_TEXT 32
/* The shortest digits that read back as `real`: "1.0", "1e+16", "5e-324", "inf", "nan". Returns `text`. */
char *float_repr(double real, char text[FLOAT_TEXT]);

/* int(text, base) and float(text): *fits is false where Python raises a ValueError. Base 0 reads prefixes. */
SY_MUST_CHECK bool integer_parse(struct heap *heap, const struct string *text, int64_t base, bool *fits,
                                 struct value *out);
SY_MUST_CHECK bool float_parse(struct heap *heap, const struct string *text, bool *fits, double *out);

/* round(real, digits). */
double float_round(double real, int64_t digits);

#endif
