/*
 * An answer: what a sequence says. Ids to bytes that are sure: bytes of half a character are held back by the
 * token stream, bytes that may begin a stop text by stop_scan.
 *
 *     text   [ shown ... sure | may begin a stop ]  + half a character in the stream
 */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/stop.h"
#include "text/tokenizer.h"

struct answer { /* all zero: says nothing */
    struct stop_texts *stops;
    struct token_stream stream;
    int64_t pieces; /* ids that the tokenizer knows: a vocabulary may be padded beyond */
    struct text text;
    int64_t sure; /* of the text: nothing of it will be cut off */
};

/* Goes on where these ids of a prompt end. Borrows the tokenizer (NULL: no text at all); `scratch` is between
 * calls whatever it is. */
SY_MUST_CHECK bool answer_begin(struct answer *answer, const struct tokenizer *tokenizer,
                                const int64_t *prompt, int64_t count, struct text *scratch,
                                struct sy_error *err);
SY_MUST_CHECK bool answer_take(struct answer *answer, int64_t token, struct sy_error *err);
bool answer_stopped(struct answer *answer); /* a stop text has come: text is cut off before it */
/* What was held back becomes sure. `drew`: tokens came; else half a character is the prompt's, never said. */
void answer_end(struct answer *answer, bool drew);
void answer_close(struct answer *answer); /* takes the stop texts too */

#endif
