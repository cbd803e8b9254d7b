/*
 * Private to text/: making the keys of vocab_keys.h.
 */
#ifndef TEXT_VOCAB_KEYS_PARTS_H
#define TEXT_VOCAB_KEYS_PARTS_H

#include "text/model_text.h"
#include "text/tokenizer_parts.h"
#include "text/vocab_keys/vocab_keys.h"

#define VOCAB_KEY "tokenizer.ggml."

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
    struct vocab_keys *out;
};

/* `name` and what the value points to live as long as the arena. */
void vocab_key(struct vocab_making *m, const char *name, struct gguf_value value);
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
SY_MUST_CHECK bool vocab_keys_check(const struct tokenizer *t, const struct vocab_keys *keys, bool *same,
                                    char *why, size_t why_size, struct sy_error *err);

#endif
