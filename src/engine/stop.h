/*
 * Stop texts: a text that ends the answer may span tokens, so bytes that could be the beginning of one are
 * held back until they are sure. After each token at most (longest stop - 1) bytes are held.
 *
 * The stop text that is complete first ends the answer; of several that end together, the one that begins
 * first. So where an answer ends does not depend on how its text was cut into tokens.
 */
#ifndef ENGINE_STOP_H
#define ENGINE_STOP_H

#include "base/error.h"
#include "base/json.h"
#include <stdint.h>

#define STOP_COUNT_MAX 64
#define STOP_BYTES_MAX 1024 /* of one */

struct stop_texts; /* copies of the texts */

/* SY_ERR_INPUT: an empty one, too many, too long. */
SY_MUST_CHECK bool stop_open(const char *const *stops, int64_t count, struct stop_texts **out,
                             struct sy_error *err);
void stop_close(struct stop_texts *stops); /* NULL is allowed */

/* How much of text[0, size), whose first `sure` bytes are known to be free of stops, may be shown: *sure
 * grows. True: a stop text begins at *sure, everything from there is to be cut off. */
bool stop_scan(const struct stop_texts *stops, const char *text, int64_t size, int64_t *sure);

#endif
