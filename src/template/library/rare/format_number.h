/*
 * Numbers and text as a format spec says, which str.format and % have in common.
 */
#ifndef TEMPLATE_LIBRARY_RARE_FORMAT_NUMBER_H
#define TEMPLATE_LIBRARY_RARE_FORMAT_NUMBER_H

#include "template/values/value.h"

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
