/*
 * Private to text/: what the loaders of BPE vocabularies share.
 */
#ifndef TEXT_LOAD_BPE_H
#define TEXT_LOAD_BPE_H

#include "text/load/load.h"
#include "text/pretokenize/names.h"

/* Works out what each piece decodes to by itself; those that are one byte become TOKEN_BYTE. */
SY_MUST_CHECK bool load_decode_pieces(struct tokenizer *t, struct sy_error *err);
/* The piece that each single byte is, in the byte alphabet; -1: none. */
void load_alphabet_units(const struct tokenizer *t, int32_t units[256]);
/* The pieces <0x00> to <0xFF>; -1: none. */
void load_byte_pieces(const struct tokenizer *t, int32_t units[256]);
/* All pieces so far are words of t->bpe; byte-level ones as far as the byte alphabet spells them. */
SY_MUST_CHECK bool load_words(struct tokenizer *t, struct sy_error *err);
/* A merge as "left right", or as two. Errors name a piece that the vocabulary lacks. */
SY_MUST_CHECK bool load_merge(struct tokenizer *t, const char *text, int64_t size, uint32_t rank,
                              struct sy_error *err);
SY_MUST_CHECK bool load_merge_pair(struct tokenizer *t, const char *left, int64_t left_size,
                                   const char *right, int64_t right_size, uint32_t rank,
                                   struct sy_error *err);
/* Opens t->bpe over byte strings, as tiktoken has it: `ranks` of ids, BPE_NO_RANK for what is no word. */
SY_MUST_CHECK bool load_ranks(struct tokenizer *t, const uint32_t *ranks, struct sy_error *err);
/* The patterns of a name. */
SY_MUST_CHECK bool load_pre(struct tokenizer *t, const struct pre_name *pre, struct sy_error *err);

#endif
