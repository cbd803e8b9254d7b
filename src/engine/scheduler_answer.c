/*
 * What a sequence says: ids to bytes that are sure. Bytes of half a character are held back by the token
 * stream, bytes that may begin a stop text by stop_scan.
 *
 *     text   [ shown ... sure | may begin a stop ]  + half a character in the stream
 */
#include "engine/scheduler_private.h"

/* The answer goes on a text, so that nothing is stripped at its front. */
void answer_begin(const struct scheduler *s, struct sequence *q) {
    if (!s->tokenizer) return;
    q->stream = token_stream_begin(s->tokenizer);
    q->stream.begun = true;
    q->stream.count = q->prompt_end;
}

/* A vocabulary may be padded beyond what the tokenizer knows: such an id says nothing. */
bool answer_take(struct scheduler *s, struct sequence *q, int64_t token, struct sy_error *err) {
    if (!s->tokenizer || token >= s->pieces) return true;
    if (!token_stream_next(&q->stream, (int32_t)token, &q->text, err)) return false;
    return !q->text.failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the text of an answer");
}

bool answer_stopped(struct sequence *q) {
    int64_t size = (int64_t)q->text.size;
    if (q->stops) return stop_scan(q->stops, q->text.data ? q->text.data : "", size, &q->sure);
    q->sure = size;
    return false;
}

void answer_end(struct sequence *q) {
    if (q->stream.tokenizer) token_stream_end(&q->stream, &q->text);
    if (!answer_stopped(q)) q->sure = (int64_t)q->text.size;
}
