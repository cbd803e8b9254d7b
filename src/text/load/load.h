/*
 * Private to text/: loaders. Each puts the content of one file into a tokenizer that tokenizer_blank made;
 * the caller closes it on failure too, and names the file.
 */
#ifndef TEXT_LOAD_LOAD_H
#define TEXT_LOAD_LOAD_H

#include "text/tokenizer_parts.h"

#define LOAD_JSON_DEPTH 64
#define TOKENIZER_NONE  "holds no tokenizer" /* SY_ERR_IO, with this message: there is none to open */

/* ---- one file ---- */

SY_MUST_CHECK bool load_json(struct tokenizer *t, const json_t *root, struct sy_error *err);
SY_MUST_CHECK bool load_tekken(struct tokenizer *t, const json_t *root, struct sy_error *err);
SY_MUST_CHECK bool load_tiktoken(struct tokenizer *t, const char *text, int64_t size, const char *pre,
                                 struct sy_error *err);
SY_MUST_CHECK bool load_spm(struct tokenizer *t, const char *bytes, int64_t size, struct sy_error *err);
/* From the same facts, whatever file they are of; puts nothing around a text. */
SY_MUST_CHECK bool load_spm_model(struct tokenizer *t, const struct spm_model *model, struct sy_error *err);
/* May a file of this size be read, within what reading may take? */
SY_MUST_CHECK bool load_reading(struct tokenizer *t, int64_t size, struct sy_error *err);
/* Any of them, by its content. */
SY_MUST_CHECK bool load_bytes(struct tokenizer *t, const char *text, int64_t size, const char *pre,
                              struct sy_error *err);
struct gguf;
SY_MUST_CHECK bool load_gguf(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err);
/* By the keys alone. */
SY_MUST_CHECK bool load_ggml(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err);

/* ---- the files beside it ---- */

struct side_files;
/* What they add (config.c): special tokens, their names, what is put around a text. `defaults`: names that
 * hold where no file says another, pairs of key and text; NULL: none. */
SY_MUST_CHECK bool load_sides(struct tokenizer *t, const struct side_files *sides,
                              const char *const defaults[][2], struct sy_error *err);
/* Is bos (eos) put around a text? */
SY_MUST_CHECK bool load_say_bos(struct tokenizer *t, bool add, struct sy_error *err);
SY_MUST_CHECK bool load_say_eos(struct tokenizer *t, bool add, struct sy_error *err);
/* The text of a special token in it, spelled as a string or as an object with "content"; NULL: none. */
const char *special_text(const json_t *config, const char *key);

/* ---- added tokens ---- */

/* Where the vocabulary has its text, that piece's id counts, as in tokenizers'
 * AddedVocabulary::add_tokens; else it becomes piece `id` (-1: the next one). */
SY_MUST_CHECK bool load_added(struct tokenizer *t, const char *text, int64_t size, int64_t id,
                              bool normalized, struct added_token token, struct sy_error *err);
/* The list "added_tokens" of a tokenizer.json. */
SY_MUST_CHECK bool load_added_list(struct tokenizer *t, const json_t *list, struct sy_error *err);

#endif
