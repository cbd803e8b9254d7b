/*
 * Text that is HTML already (jinja2's Markup), which autoescape, |escape and |safe make.
 */
#ifndef TEMPLATE_VALUES_MARKUP_H
#define TEMPLATE_VALUES_MARKUP_H

#include "template/values/value.h"

/* As markup: markup as it is, anything else as text with & < > ' " replaced. */
SY_MUST_CHECK bool markup_escape(struct heap *heap, struct value value, struct value *out);
SY_MUST_CHECK bool markup_escape_text(struct heap *heap, const struct string *text, struct buffer *out);
/* a + b where one is markup: the other is escaped. */
SY_MUST_CHECK bool markup_join(struct heap *heap, struct value a, struct value b, struct value *out);

#endif
