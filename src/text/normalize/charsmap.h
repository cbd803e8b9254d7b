/*
 * SentencePiece's precompiled character map: a double-array trie of what is replaced, and the replacements
 * that it points to.
 */
#ifndef TEXT_CHARSMAP_H
#define TEXT_CHARSMAP_H

#include "base/error.h"
#include <stdint.h>

struct charsmap;

/* Copies. Errors: SY_ERR_FORMAT, place "character map". */
SY_MUST_CHECK bool charsmap_open(const unsigned char *bytes, int64_t size, struct charsmap **out,
                                 struct sy_error *err);
void charsmap_close(struct charsmap *map); /* NULL is allowed */

/* The replacement of the longest key that `text` begins with (or, `shortest`, of the shortest): returns the
 * key's bytes, 0 when there is none; *out is borrowed from the map. */
int64_t charsmap_find(const struct charsmap *map, const char *text, int64_t size, bool shortest,
                      const char **out, int64_t *out_size);

#endif
