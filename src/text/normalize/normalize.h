/*
 * Normalisers: what happens to text before it is cut into words. Unicode normal forms (utf8proc),
 * SentencePiece's precompiled character map, prepending, replacing, stripping, lower case, and sequences of
 * these, as tokenizer.json spells them; and SentencePiece's own rules.
 */
#ifndef TEXT_NORMALIZE_H
#define TEXT_NORMALIZE_H

#include "base/error.h"
#include "base/json.h"
#include "text/sentencepiece/spm_model.h"
#include <stdint.h>

struct normalizer;

/* From the "normalizer" value of a tokenizer.json (NULL or null: leaves text alone). Unknown types are an
 * error by name; place: "normalizer", with the index in a Sequence. Copies what it needs. Read-only once
 * open: any number of threads may apply one. */
SY_MUST_CHECK bool normalizer_open(const json_t *value, struct normalizer **out, struct sy_error *err);
/* SentencePiece's own rules, of a .model or of GGUF. User-defined pieces are left alone where they stand. */
SY_MUST_CHECK bool normalizer_open_spm(const struct spm_rules *rules, struct normalizer **out,
                                       struct sy_error *err);
void normalizer_close(struct normalizer *normalizer); /* NULL is allowed */
bool normalizer_is_identity(const struct normalizer *normalizer);
bool normalizer_is_nfc(const struct normalizer *normalizer); /* that form, and nothing else */

/* Does it take bytes that are no characters, too, and make U+FFFD of each? Then it must see them as they are:
 * that U+FFFD is the map's no more, as one in the text would be. */
bool normalizer_mends(const struct normalizer *normalizer);

/* Appends the normal form of valid UTF-8 text, or of any bytes where normalizer_mends. `first`: this piece of
 * text stands at the very front of what is encoded; SentencePiece's dummy prefix is added there alone. */
SY_MUST_CHECK bool normalizer_apply(const struct normalizer *normalizer, const char *text, int64_t size,
                                    bool first, struct text *out, struct sy_error *err);

#endif
