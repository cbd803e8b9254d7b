/*
 * Links for the addresses in a text, as jinja2.utils.urlize makes them.
 */
#ifndef TEMPLATE_LIBRARY_RARE_URLIZE_H
#define TEMPLATE_LIBRARY_RARE_URLIZE_H

#include "template/values/value.h"

struct urlize {
    struct value trim_limit;         /* how much of an address is shown; none or missing: all */
    const struct string *attributes; /* what a link has besides its address, with a space in front */
    const struct values *schemes;    /* strings that begin an address too */
};

/* Appends `text`, which is HTML already. */
SY_MUST_CHECK bool urlize_text(struct heap *heap, const struct string *text, const struct urlize *how,
                               struct buffer *out);
bool urlize_is_scheme(const struct string *text); /* [\w.+-]{2,}:/{0,2} */

#endif
