/*
 * The tokens that end an answer: the union of what all of a model's files say, each with where it came from,
 * as somebody who chats expects. A mark between turns that is known by its name alone ends plain text, too:
 * what would follow is another's turn.
 */
#ifndef TEXT_ENDS_H
#define TEXT_ENDS_H

#include "text/model_text.h"

#define ENDS_MAX 64

struct end_token {
    int64_t id;
    char text[72];   /* as the vocabulary spells it; "" without a tokenizer */
    char source[72]; /* "generation_config.json: eos_token_id" */
};

struct end_tokens {
    struct end_token list[ENDS_MAX]; /* in the order of their sources, each id once */
    int count;
};

struct ends_known {     /* beside the model's text */
    const int64_t *eos; /* [eos_count] of the model's config */
    int64_t eos_count, vocab;
};

/* An id that is none of the vocabulary's is left out, and noted. */
void ends_collect(const struct model_text *text, const struct ends_known *known, struct end_tokens *out,
                  struct text_notes *notes);

#endif
