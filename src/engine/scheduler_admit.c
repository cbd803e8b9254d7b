/*
 * Who of those that wait may run: first come, first served.
 *
 *     pages that are free  -  sum over running (promised - taken for itself)  =  what can be promised anew
 *
 * A sequence that runs can thus always have its next page, and none dies half-way. Pages of kept sequences,
 * and of pasts that waiting ones share, are simply not free.
 */
#include "engine/scheduler_state.h"

#include "base/checked.h"

#include <stdlib.h>
#include <string.h>

int64_t pages_unpromised(const struct scheduler *s) {
    int64_t pages = kv_pool_free_pages(s->session->pool);
    for (int64_t i = 0; i < s->running_count; i++) {
        const struct sequence *q = s->running[i];
        int64_t own = q->lane.sequence ? kv_pages_own(q->lane.sequence, q->beside) : 0;
        pages -= max_i64(0, q->promise - own);
    }
    return pages;
}

/* Pages that its past holds alone, when that was released and waits for this heir only: behind the past they
 * come free, and the one in which it ends is the heir's own, not to be copied. So are all before it, where
 * they are promised too. */
static int64_t inherited(const struct sequence *q) {
    return q->from && q->from->holders == 1 ? kv_pages_own(q->from->lane.sequence, q->beside) : 0;
}

static bool fits(const struct scheduler *s, const struct sequence *q) {
    return s->running_count + s->kept < s->session->limits.sequences &&
           q->promise <= pages_unpromised(s) + inherited(q);
}

/* Its pages, and room for all that it can generate: the last heap calls until it ends, but for its text. */
static bool prepare(struct scheduler *s, struct sequence *q, struct sy_error *err) {
    size_t tokens = (size_t)q->new_count, likeliest = (size_t)q->sampling.logprobs;
    int64_t *ids = realloc(q->ids, ((size_t)q->prompt_end + tokens) * sizeof *ids);
    if (ids) q->lane.ids = q->ids = ids;
    q->tokens = malloc((tokens + 1) * sizeof *q->tokens);
    if (q->flags & SY_WANT_LOGPROBS) q->likeliest = malloc((tokens * likeliest + 1) * sizeof *q->likeliest);
    if (!ids || !q->tokens || ((q->flags & SY_WANT_LOGPROBS) && !q->likeliest))
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the %lld tokens of sequence %lld",
                       (long long)q->new_count, (long long)q->number);
    if (!q->from) return session_sequence(s->session, q->prompt_end, &q->lane.sequence, err);
    return kv_sequence_fork(q->from->lane.sequence, &q->lane.sequence, err) &&
           kv_rollback(q->lane.sequence, q->shared, err);
}

static bool admit_first(struct scheduler *s, struct sy_error *err) {
    struct sequence *q = s->queue.first, *from = q->from;
    queue_remove(&s->queue, q);
    q->phase = PHASE_RUNNING;
    s->running[s->running_count++] = q;
    bool ready = prepare(s, q, err);
    q->from = NULL;
    if (from) sequence_drop(from);
    if (!ready) scheduler_finish(s, q, SY_FINISH_ERROR);
    return ready;
}

/* Nothing runs, so nothing will ever come free by itself. */
static bool stuck(const struct scheduler *s, struct sy_error *err) {
    sy_fail(err, SY_ERR_MEMORY,
            "sequence %lld waits for a place and %lld pages: %lld of %lld places are held by kept sequences, "
            "and %lld of %lld pages are free",
            (long long)s->queue.first->number, (long long)s->queue.first->promise, (long long)s->kept,
            (long long)s->session->limits.sequences, (long long)pages_unpromised(s),
            (long long)kv_pool_pages(s->session->pool));
    return sy_error_remedy(err, "release a kept sequence");
}

bool scheduler_admit(struct scheduler *s, struct sy_error *err) {
    while (s->queue.first && s->queue.room_changed) {
        if (!fits(s, s->queue.first)) {
            s->queue.room_changed = false;
            break;
        }
        if (!admit_first(s, err)) return false;
    }
    return s->running_count > 0 || !s->queue.first || stuck(s, err);
}
