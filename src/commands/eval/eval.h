/*
 * eval: how well a model knows a text. What its methods share: options, the model with its tokenizer, and
 * text as ids.
 */
#ifndef COMMANDS_EVAL_EVAL_H
#define COMMANDS_EVAL_EVAL_H

#include "commands/common_session.h"
#include "text/model_text.h"

struct eval_args {
    struct common common;
    const char *file;
    int method; /* index of the word; -1: not given */
    int64_t stride;
    bool json;
};

/* Opens the text side of the model that `word` names; refused where it brings no tokenizer. */
SY_MUST_CHECK bool eval_text_open(const char *word, char *path, size_t path_size, struct model_text *text,
                                  struct sy_error *err);

struct eval_ids {
    int64_t *ids;      /* owned */
    int32_t *id_bytes; /* owned: the bytes of text that each stands for; of a bos, 0 */
    int64_t count;
};
/* With the bos and eos that the model adds, the text's special tokens being plain text. */
SY_MUST_CHECK bool eval_encode(const struct tokenizer *tokenizer, const char *bytes, int64_t size,
                               struct eval_ids *out, struct sy_error *err);
void eval_ids_free(struct eval_ids *ids);

/* The methods: word is the model's. */
SY_MUST_CHECK bool eval_ppl(const struct eval_args *args, const char *word, struct sy_error *err);
SY_MUST_CHECK bool eval_choice(const struct eval_args *args, const char *word, struct sy_error *err);

#endif
