/*
 * What a sequence says: ids to bytes that are sure. Bytes of half a character are held back by the token
 * stream, bytes that may begin a stop text by stop_scan.
 *
 *     text   [ shown ... sure | may begin a stop ]  + half a character in the stream
 */
#include "engine/scheduler_private.h"

#include "base/checked.h"

#define STREAM_LEAD 16 /* ids of the prompt that the stream sees: more than one character can take */

/* A vocabulary may be padded beyond what the tokenizer knows: such an id says nothing. */
static bool take(const struct scheduler *s, struct token_stream *stream, int64_t token, struct text *out,
                 struct sy_error *err) {
    if (token >= s->pieces) return true;
    if (!token_stream_next(stream, (int32_t)token, out, err)) return false;
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the text of an answer");
}

/* The answer goes on where the prompt ends: it may finish a character that the prompt left half, and nothing
 * is stripped at its front. */
bool answer_begin(struct scheduler *s, struct sequence *q, struct sy_error *err) {
    if (!s->tokenizer) return true;
    q->stream = token_stream_begin(s->tokenizer);
    if (s->scratch.failed) text_free(&s->scratch);
    s->scratch.size = 0;
    for (int64_t i = max_i64(0, q->prompt_end - STREAM_LEAD); i < q->prompt_end; i++)
        if (!take(s, &q->stream, q->ids[i], &s->scratch, err)) return false;
    q->stream.begun = true;
    q->stream.count = q->prompt_end;
    return true;
}

bool answer_take(struct scheduler *s, struct sequence *q, int64_t token, struct sy_error *err) {
    return !s->tokenizer || take(s, &q->stream, token, &q->text, err);
}

bool answer_stopped(struct sequence *q) {
    int64_t size = (int64_t)q->text.size;
    if (q->stops) return stop_scan(q->stops, q->text.data ? q->text.data : "", size, &q->sure);
    q->sure = size;
    return false;
}

void answer_end(struct sequence *q) {
    if (q->stream.tokenizer && q->token_count > 0) token_stream_end(&q->stream, &q->text);
    if (!answer_stopped(q)) q->sure = (int64_t)q->text.size;
}
