/*
 * The operators between values: + - * / // % ** and their unary forms, in, slices.
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

struct run; /* string % values may print whatever the values are */

SY_MUST_CHECK bool operate(struct run *run, enum operator_kind kind, struct value a, struct value b,
                           struct value *out);
SY_MUST_CHECK bool number_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                                  struct value *out); /* both are numbers */
SY_MUST_CHECK bool value_negate(struct heap *heap, struct value value, struct value *out);
SY_MUST_CHECK bool value_plus(struct heap *heap, struct value value, struct value *out);
SY_MUST_CHECK bool value_absolute(struct heap *heap, struct value value, struct value *out);

/* Code points [from, to) of a string; both within it. */
SY_MUST_CHECK bool string_part(struct heap *heap, const struct string *string, int64_t from, int64_t to,
                               struct value *out);
int64_t string_offset(const struct string *string,
                      int64_t points); /* bytes before code point number `points` */
SY_MUST_CHECK bool value_slice(struct heap *heap, struct value of, const struct slice *slice,
                               struct value *out);
/* Python's rule for one end of a slice: `value` or None, within [low, high]. */
SY_MUST_CHECK bool slice_end(struct heap *heap, struct value value, int64_t count, int64_t none, int64_t low,
                             int64_t high, int64_t *out);

/* The first place of `needle` in [from, size), or -1: bytes. */
int64_t bytes_find(const char *text, int64_t size, int64_t from, const char *needle, int64_t needle_size);
int64_t bytes_find_last(const char *text, int64_t size, const char *needle, int64_t needle_size);

/* Python's len(); an error where it has none. */
SY_MUST_CHECK bool value_length(struct run *run, struct value value, int64_t *length);

/* A number for an index: int, or an error that names what was given. */
SY_MUST_CHECK bool value_index(struct heap *heap, struct value value, int64_t *out);

#endif
