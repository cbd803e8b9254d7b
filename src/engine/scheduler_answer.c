/*
 * What a sequence says: ids to bytes that are sure. Bytes of half a character are held back by the token
 * stream, bytes that may begin a stop text by stop_scan.
 *
 *     text   [ shown ... sure | may begin a stop ]  + half a character in the stream
 */
#include "engine/scheduler_private.h"

/* Ids have no bytes before the tokenizer is there. */
bool answer_take(struct scheduler *s, struct sequence *q, int64_t token, struct sy_error *err) {
    (void)s, (void)q, (void)token, (void)err;
    return true;
}

bool answer_stopped(struct sequence *q) {
    int64_t size = (int64_t)q->text.size;
    if (q->stops) return stop_scan(q->stops, q->text.data ? q->text.data : "", size, &q->sure);
    q->sure = size;
    return false;
}

void answer_end(struct sequence *q) {
    if (!answer_stopped(q)) q->sure = (int64_t)q->text.size;
}
