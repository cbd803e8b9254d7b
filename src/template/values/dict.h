/*
 * Making dicts and filling them; equal.h finds in them.
 */
#ifndef TEMPLATE_VALUES_DICT_H
#define TEMPLATE_VALUES_DICT_H

#include "template/values/value.h"

SY_MUST_CHECK bool value_dict(struct heap *heap, struct value *out); /* empty */
/* Set, or replace in place. Unhashable keys are an error. */
SY_MUST_CHECK bool dict_set(struct heap *heap, struct dict *dict, struct value key, struct value value);
SY_MUST_CHECK bool dict_set_text(struct heap *heap, struct dict *dict, const char *key, struct value value);
SY_MUST_CHECK bool dict_copy(struct heap *heap, const struct dict *from, struct dict *to);

#endif
