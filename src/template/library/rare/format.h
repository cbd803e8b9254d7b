/*
 * Python's two ways to format: str.format with its format specs, and the % operator.
 */
#ifndef TEMPLATE_LIBRARY_RARE_FORMAT_H
#define TEMPLATE_LIBRARY_RARE_FORMAT_H

#include "template/library/library.h"
#include "template/values/value.h"

struct run;

SY_MUST_CHECK bool format_string(struct run *run, const struct string *format,
                                 const struct arguments *arguments, struct value *out);
SY_MUST_CHECK bool format_string_map(struct run *run, const struct string *format, struct value mapping,
                                     struct value *out);
/* format(value, spec) */
SY_MUST_CHECK bool format_value(struct heap *heap, struct value value, const struct string *spec,
                                struct buffer *out);
/* format % values */
SY_MUST_CHECK bool string_modulo(struct run *run, struct value format, struct value values,
                                 struct value *out);

/* ---- shared by both ---- */

struct format_spec {
    const char *fill; /* one character, `fill_bytes` long */
    int64_t fill_bytes;
    char align; /* < > ^ =, or 0 */
    char sign;  /* + - space, or 0 */
    bool alternate, zero;
    int64_t width, precision; /* -1: not given */
    char grouping;            /* , _ or 0 */
    char type;                /* or 0 */
};
#define FORMAT_PRECISION_MAX 1000 /* digits behind the point: a double has no more than 1074 */

/* A number's digits as the spec says, sign and padding with them. */
SY_MUST_CHECK bool format_integer(struct heap *heap, struct value value, const struct format_spec *spec,
                                  struct buffer *out);
SY_MUST_CHECK bool format_float(struct heap *heap, double real, const struct format_spec *spec,
                                struct buffer *out);
SY_MUST_CHECK bool format_text(struct heap *heap, const struct string *text, const struct format_spec *spec,
                               struct buffer *out);

#endif
