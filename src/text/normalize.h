/*
 * Normalisers: what happens to text before it is cut into words. Unicode normal forms (utf8proc),
 * SentencePiece's precompiled character map, prepending, replacing, stripping, lower case, and sequences of
 * these, as tokenizer.json spells them.
 */
#ifndef TEXT_NORMALIZE_H
#define TEXT_NORMALIZE_H

#include "base/error.h"
#include "base/json.h"
#include "text/pattern.h"
#include <stdint.h>

/* SentencePiece's precompiled character map: a double-array trie and the replacements that it points to.
 * Format: sentencepiece's normalizer.cc (u32 size of the trie in bytes, little-endian; trie; NUL-ended
 * strings). */
struct charsmap;
SY_MUST_CHECK bool charsmap_open(const unsigned char *bytes, int64_t size, struct charsmap **out,
                                 struct sy_error *err); /* copies; every index checked at use */
void charsmap_close(struct charsmap *map);
/* The longest replacement that matches at the front of text: bytes consumed, 0 when none; *out borrowed. */
int64_t charsmap_longest(const struct charsmap *map, const char *text, int64_t size, const char **out,
                         int64_t *out_size);

struct normalizer;

/* From the "normalizer" value of a tokenizer.json (null: leaves text alone). Unknown types are an error by
 * name. */
SY_MUST_CHECK bool normalizer_open(const json_t *value, struct normalizer **out, struct sy_error *err);
/* SentencePiece's own rules of a .model or GGUF: character map, white space to U+2581, dummy prefix. */
struct spm_rules {
    const unsigned char *charsmap; /* or NULL */
    int64_t charsmap_size;
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces;
};
SY_MUST_CHECK bool normalizer_open_spm(const struct spm_rules *rules, struct normalizer **out,
                                       struct sy_error *err);
void normalizer_close(struct normalizer *normalizer); /* NULL is allowed */
bool normalizer_is_identity(const struct normalizer *normalizer);

/* Appends the normal form of valid UTF-8 text. `first`: this piece of text stands at the very front (a prefix
 * that is added once is added there). */
SY_MUST_CHECK bool normalizer_apply(const struct normalizer *normalizer, const char *text, int64_t size,
                                    bool first, struct text *out, struct sy_error *err);

#endif
