/*
 * The keys in which GGUF itself speaks of text, tokenizer.ggml.*, tokenizer.chat_template and
 * general.sampling.*, for a model whose tokenizer lies in files: what other programs read of a file that
 * `convert` wrote.
 *
 *     gpt2     byte-level BPE (tokenizer.json, tekken.json, rank files): tokens in the byte alphabet, merges,
 *              and a name for the pattern that cuts words
 *     llama    BPE with byte pieces (tokenizer.model, tokenizer.json): tokens, scores, types
 *     t5       Unigram (spiece.model, tokenizer.json): the same, and the character map
 *
 * Source: ggml docs/gguf.md; the keys of the `gguf` package, constants.py; llama.cpp's src/llama-vocab.cpp
 * for what they do, and for what it takes as given: one token for each row of the embedding, no text twice.
 */
#ifndef TEXT_VOCAB_KEYS_H
#define TEXT_VOCAB_KEYS_H

#include "base/arena.h"
#include "formats/gguf.h"

struct vocab_wanted { /* what config.json says; counts only where the tokenizer's own files are silent */
    int64_t rows;     /* of the embedding: as many tokens are written */
    int64_t bos, pad; /* -1: none */
    const int64_t *eos;
    int64_t eos_count;
};

struct vocab_keys { /* all in the arena */
    struct gguf_key *keys;
    int64_t count;
    char warning[400]; /* what others will not get right, in one line; empty: nothing */
};

/* `path`: as for model_text_open. tokenizer.ggml.model is "none" where there is no tokenizer, or one that
 * these keys cannot hold; the warning then says why. Errors: want of memory, and a file that cannot be read
 * a second time. */
SY_MUST_CHECK bool vocab_keys_make(const char *path, const struct vocab_wanted *wanted, struct arena *arena,
                                   struct vocab_keys *out, struct sy_error *err);

#endif
