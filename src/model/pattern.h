/*
 * Patterns of tensor names: {L} and {E} stand for plain decimals without leading zeros, '*' for any text.
 * Inside model/ only.
 */
#ifndef MODEL_PATTERN_H
#define MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether `name` has this form. *layer and *expert become the numbers found, -1 where the pattern has
 * none. */
bool pattern_match(const char *pattern, const char *name, int64_t *layer, int64_t *expert);

/* The name that the pattern gives for these numbers; '*' becomes `rest`. False when it does not fit. */
bool pattern_write(const char *pattern, int64_t layer, int64_t expert, const char *rest, char *name,
                   size_t size);

/* Matching backwards for messages: `name` with its numbers replaced, the first by {L}, the second by {E}. */
void pattern_of(const char *name, char *pattern, size_t size, int64_t *layer, int64_t *expert);

#endif
