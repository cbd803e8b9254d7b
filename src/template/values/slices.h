/*
 * Parts of sequences: indices, slices, searching.
 */
#ifndef TEMPLATE_VALUES_SLICES_H
#define TEMPLATE_VALUES_SLICES_H

#include "template/values/value.h"

/* Code points [from, to) of a string; both within it. */
SY_MUST_CHECK bool string_part(struct heap *heap, const struct string *string, int64_t from, int64_t to,
                               struct value *out);
/* Bytes before code point number `points`. */
int64_t string_offset(const struct string *string, int64_t points);
SY_MUST_CHECK bool value_slice(struct heap *heap, struct value of, const struct slice *slice,
                               struct value *out);
/* Python's rule for one end of a slice: `value` or None, within [low, high]. */
SY_MUST_CHECK bool slice_end(struct heap *heap, struct value value, int64_t count, int64_t none, int64_t low,
                             int64_t high, int64_t *out);

/* The first place of `needle` in [from, size), or -1: bytes. */
int64_t bytes_find(const char *text, int64_t size, int64_t from, const char *needle, int64_t needle_size);
int64_t bytes_find_last(const char *text, int64_t size, const char *needle, int64_t needle_size);

/* A number for an index: int, or an error that names what was given. */
SY_MUST_CHECK bool value_index(struct heap *heap, struct value value, int64_t *out);

#endif
