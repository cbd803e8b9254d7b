/*
 * How a sequence leaves the scheduler: out of the queue, or from among those that run.
 */
#include "engine/scheduler_state.h"

static void leave(struct scheduler *s, struct sequence *q) {
    if (q->phase == PHASE_WAITING) {
        queue_remove(&s->queue, q);
        if (q->from) sequence_drop(q->from);
        q->from = NULL;
        return;
    }
    for (int64_t i = 0, to = 0; i < s->running_count; i++)
        if (s->running[i] != q) s->running[to++] = s->running[i];
    s->running_count--;
    s->queue.room_changed = true;
}

void scheduler_finish(struct scheduler *s, struct sequence *q, enum sy_finish finish) {
    leave(s, q);
    sequence_end(q, finish);
    s->kept += q->kept;
}

void scheduler_forget(struct scheduler *s, struct sequence *q) {
    if (q->phase != PHASE_FINISHED) leave(s, q);
    if (q->kept) {
        s->kept--;
        s->queue.room_changed = true;
    }
    registry_remove(&s->registry, q);
}
