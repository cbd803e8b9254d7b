/*
 * What the methods of eval read: the model's tokenizer, and a text as ids.
 */
#ifndef COMMANDS_EVAL_TEXT_H
#define COMMANDS_EVAL_TEXT_H

#include "text/model_text.h"

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

#endif
