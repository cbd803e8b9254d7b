/*
 * Private to text/: what a tokenizer is made of, and how loaders make one. A loader fills the vocabulary and
 * the added tokens, opens the parts that its file speaks of, and leaves the rest as it is: zeros mean none.
 */
#ifndef TEXT_TOKENIZER_PARTS_H
#define TEXT_TOKENIZER_PARTS_H

#include "text/added.h"
#include "text/bpe.h"
#include "text/decode.h"
#include "text/normalize/normalize.h"
#include "text/pretokenize/pretokenize.h"
#include "text/unigram.h"

#define FRAME_IDS_MAX   16
#define LOAD_JSON_DEPTH 64
#define TOKENIZER_NONE  "holds no tokenizer" /* SY_ERR_IO, with this message: there is none to open */

struct frame { /* ids that encoding puts before and behind a text */
    int32_t before[FRAME_IDS_MAX], behind[FRAME_IDS_MAX];
    int before_count, behind_count;
};

struct tokenizer {
    char file[4096]; /* that it was read from */
    const char *kind;
    struct tokenizer_limits limits; /* no zeros */
    struct vocab vocab;
    struct added added, added_normalized;
    struct normalizer *normalizer;
    struct pretokenizer pre;
    bool byte_level; /* text that is no UTF-8 can be encoded */
    struct bpe bpe;
    struct unigram *unigram; /* NULL: bpe */
    struct decoder decoder;
    struct frame frame;
    int64_t bos, eos, unk, pad; /* -1: none */
    bool adds_bos_by_name;      /* GGUF's `pre` says so where no key does */
    bool front_everywhere;      /* text behind a special token is normalised as if it stood at the front */
};

/* ---- what loaders share ---- */

/* An added token. Where the vocabulary has its text, that piece's id counts, as in tokenizers'
 * AddedVocabulary::add_tokens; else it becomes piece `id` (-1: the next one). */
SY_MUST_CHECK bool load_added(struct tokenizer *t, const char *text, int64_t size, int64_t id,
                              bool normalized, struct added_token token, struct sy_error *err);
struct pre_name;
/* The patterns of a name (pretokenize/names.h). */
SY_MUST_CHECK bool load_pre(struct tokenizer *t, const struct pre_name *pre, struct sy_error *err);
/* The list "added_tokens" of a tokenizer.json. */
SY_MUST_CHECK bool load_added_list(struct tokenizer *t, const json_t *list, struct sy_error *err);

SY_MUST_CHECK bool frame_before(struct frame *frame, int64_t id, struct sy_error *err);
SY_MUST_CHECK bool frame_behind(struct frame *frame, int64_t id, struct sy_error *err);
/* From "post_processor" of a tokenizer.json. */
SY_MUST_CHECK bool frame_open(const json_t *value, const struct vocab *vocab, struct frame *frame,
                              struct sy_error *err);

/* ---- loaders: the content of one file into a tokenizer that tokenizer_blank made; the caller closes it on
 * failure too, and names the file ---- */

struct tokenizer *tokenizer_blank(const char *path, const struct tokenizer_limits *limits,
                                  struct sy_error *err); /* NULL: no memory */
SY_MUST_CHECK bool load_json(struct tokenizer *t, const json_t *root, struct sy_error *err);
SY_MUST_CHECK bool load_tekken(struct tokenizer *t, const json_t *root, struct sy_error *err);
SY_MUST_CHECK bool load_tiktoken(struct tokenizer *t, const char *text, int64_t size, const char *pre,
                                 struct sy_error *err);
SY_MUST_CHECK bool load_spm(struct tokenizer *t, const char *bytes, int64_t size, struct sy_error *err);
/* From the same facts, whatever file they are of; puts nothing around a text. */
SY_MUST_CHECK bool load_spm_model(struct tokenizer *t, const struct spm_model *model, struct sy_error *err);
struct gguf;
SY_MUST_CHECK bool load_gguf(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err);
/* Any of them but GGUF, by its content. */
SY_MUST_CHECK bool load_bytes(struct tokenizer *t, const char *text, int64_t size, const char *pre,
                              struct sy_error *err);

/* What tokenizer_config.json (a JSON object, or NULL) adds: special tokens, add_bos_token, add_eos_token. */
SY_MUST_CHECK bool load_config(struct tokenizer *t, const json_t *config, struct sy_error *err);
/* The text of a special token in it, spelled as a string or as an object with "content"; NULL: none. */
const char *special_text(const json_t *config, const char *key);

#endif
