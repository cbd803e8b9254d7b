/*
 * Private to text/: keys of GGUF that begin with tokenizer.ggml. `name` is what stands behind.
 */
#ifndef TEXT_LOAD_GGUF_KEYS_H
#define TEXT_LOAD_GGUF_KEYS_H

#include "formats/gguf.h"

#define LOAD_KEY "tokenizer.ggml."

const struct gguf_value *load_key(const struct gguf *gguf, const char *name); /* NULL: not there */
bool load_key_array(const struct gguf_value *value, enum gguf_type type);     /* of texts, or of numbers? */
bool load_key_bool(const struct gguf *gguf, const char *name, bool otherwise);
/* -1: none; `otherwise`, if below `count`, where the key is not there. */
int64_t load_key_id(const struct gguf *gguf, const char *name, int64_t count, int64_t otherwise);
/* As text of at most 200 bytes; empty: not there, or no text. */
void load_key_text(const struct gguf *gguf, const char *name, char *out, size_t size);
void load_text_of(const struct gguf_value *value, char *out, size_t size);

#endif
