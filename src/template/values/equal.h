/*
 * == as Python has it, and finding in dicts by it.
 */
#ifndef TEMPLATE_VALUES_EQUAL_H
#define TEMPLATE_VALUES_EQUAL_H

#include "template/values/value.h"

SY_MUST_CHECK bool value_equal(struct heap *heap, struct value a, struct value b, bool *equal);
SY_MUST_CHECK bool value_hash(struct heap *heap, struct value value, uint64_t *hash);

/* The entry, or NULL where there is none; *failed where the key cannot be one. */
struct dict_entry *dict_find(struct heap *heap, const struct dict *dict, struct value key, bool *failed);
struct dict_entry *dict_find_text(const struct dict *dict, const char *key, int64_t size);
/* The entry of a key whose hash is known; NULL in *found: none. */
SY_MUST_CHECK bool dict_look(struct heap *heap, const struct dict *dict, struct value key, uint64_t hash,
                             struct dict_entry **found);

/* ---- for < ---- */

/* Items of lists are equal too where they are the same: a NaN in a list equals itself. */
SY_MUST_CHECK bool item_equal(struct heap *heap, struct value a, struct value b, bool *equal);
int string_order(const struct string *a, const struct string *b); /* below, at or above 0 */
/* *order, or *ordered = false where one is a NaN. */
SY_MUST_CHECK bool number_order(struct heap *heap, struct value a, struct value b, int *order, bool *ordered);

#endif
