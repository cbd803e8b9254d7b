/*
 * Private to text/: making the keys of vocab_keys.h.
 */
#ifndef TEXT_VOCAB_KEYS_PARTS_H
#define TEXT_VOCAB_KEYS_PARTS_H

#include "base/arena.h"
#include "formats/gguf.h"
#include "text/tokenizer_parts.h"

#define VOCAB_KEY      "tokenizer.ggml."
#define VOCAB_KEYS_MAX 128 /* 64 templates and about 20 others */

struct vocab_making {
    const struct tokenizer *t;
    struct arena *arena;
    int64_t rows;
    json_t *json;         /* the tokenizer.json that it was read from, or NULL */
    struct spm_model spm; /* else the SentencePiece model; count 0: neither, a rank file or tekken.json */
    bool spelled;         /* byte-level pieces are in the byte alphabet already */
    struct gguf_value *tokens;  /* [rows] */
    int32_t *types;             /* [rows] of enum spm_piece_type */
    const struct pre_name *pre; /* of gpt2; NULL: no name is known */
    struct gguf_key *keys;      /* [VOCAB_KEYS_MAX] */
    int64_t count;
};

/* One key more. `name` and what the value points to live as long as the arena. */
void vocab_key(struct vocab_making *m, const char *name, struct gguf_value value);
void vocab_key_text(struct vocab_making *m, const char *name, const char *text);
void vocab_key_bool(struct vocab_making *m, const char *name, bool fact);
/* Left out where there is no such row. */
void vocab_key_id(struct vocab_making *m, const char *name, int64_t id);
/* items: values for strings, else as they lie in the file. */
void vocab_key_array(struct vocab_making *m, const char *name, enum gguf_type type, const void *items,
                     int64_t count);

/* ---- bpe.c, spm.c: what is of one kind of model ---- */

SY_MUST_CHECK bool vocab_keys_gpt2(struct vocab_making *m, struct sy_error *err);
SY_MUST_CHECK bool vocab_keys_spm(struct vocab_making *m, struct sy_error *err);

/* ---- check.c ---- */

/*
 * Do the keys say the same tokenizer? They are read back as any GGUF file's, and both tokenise a few texts:
 * every piece in turn, every special token, and lines that tokenizers tend to differ on. *same = false: no;
 * then `why` is not empty where not even reading them succeeds.
 */
SY_MUST_CHECK bool vocab_keys_check(const struct vocab_making *m, bool *same, char *why, size_t why_size,
                                    struct sy_error *err);

#endif
