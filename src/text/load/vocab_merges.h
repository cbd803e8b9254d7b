/*
 * Private to text/: vocab.json and merges.txt as the tokenizer.json that they amount to.
 */
#ifndef TEXT_LOAD_VOCAB_MERGES_H
#define TEXT_LOAD_VOCAB_MERGES_H

#include "text/load/side.h"

#define VOCAB_FILE "vocab.json"

bool vocab_merges_is(const struct side_files *sides);
/* A new reference, or NULL and err. *names (or NULL): what its class calls its special tokens where no file
 * does, pairs of key and text that end with NULL. Errors name a class that is not known. */
json_t *vocab_merges_read(const struct side_files *sides, const char *const (**names)[2],
                          struct sy_error *err);

struct tokenizer;
SY_MUST_CHECK bool load_vocab_merges(struct tokenizer *t, const struct side_files *sides,
                                     const char *const (**names)[2], struct sy_error *err);

#endif
