/*
 * Values as JSON text.
 */
#ifndef TEMPLATE_VALUES_JSON_OUT_H
#define TEMPLATE_VALUES_JSON_OUT_H

#include "template/values/value.h"

struct json_writer {
    struct heap *heap;
    struct buffer *out;
    bool ascii, sort_keys;
    const struct string *indent;               /* of one level; NULL: all on one line */
    const struct string *between, *behind_key; /* ", " and ": " */
    int64_t depth;
};

SY_MUST_CHECK bool json_write(struct json_writer *writer, struct value value);

#endif
