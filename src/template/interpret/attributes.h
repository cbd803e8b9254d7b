/*
 * Attributes and elements, and len() and `in`.
 */
#ifndef TEMPLATE_INTERPRET_ATTRIBUTES_H
#define TEMPLATE_INTERPRET_ATTRIBUTES_H

#include "template/interpret/run.h"

SY_MUST_CHECK bool value_attribute(struct run *run, struct value of, const struct string *name,
                                   struct value *out); /* x.name */
SY_MUST_CHECK bool value_item(struct run *run, struct value of, struct value index,
                              struct value *out); /* x[i] */
/* "a.b.0" step by step, as jinja2's make_attrgetter; `fallback` stands in for what is undefined. */
SY_MUST_CHECK bool attribute_path(struct run *run, struct value of, struct value path, struct value fallback,
                                  struct value *out);
/* Python's len(); an error where it has none. */
SY_MUST_CHECK bool value_length(struct run *run, struct value value, int64_t *length);
/* The attribute that Python finds on the object itself: *found is false where there is none. */
SY_MUST_CHECK bool object_attribute(struct run *run, struct value of, const struct string *name, bool *found,
                                    struct value *out);
SY_MUST_CHECK bool value_contains(struct run *run, struct value container, struct value item, bool *contains);

#endif
