/*
 * Wrapping one line of text, as Python's textwrap.
 */
#ifndef TEMPLATE_LIBRARY_RARE_WRAP_H
#define TEMPLATE_LIBRARY_RARE_WRAP_H

#include "template/values/value.h"

struct wrapping {
    int64_t width; /* code points */
    bool break_long_words, break_on_hyphens;
};

/* Appends the wrapped lines with `between` between them. */
SY_MUST_CHECK bool wrap_line(struct heap *heap, const struct string *line, const struct wrapping *wrapping,
                             const struct string *between, struct buffer *out);

#endif
