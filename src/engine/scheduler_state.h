/*
 * What a scheduler holds, for its own files alone; and what they do for each other:
 *
 *     scheduler.c, scheduler_submit.c, scheduler_events.c  ─►  scheduler_admit.c  ─►  scheduler_end.c
 */
#ifndef ENGINE_SCHEDULER_STATE_H
#define ENGINE_SCHEDULER_STATE_H

#include "engine/queue.h"
#include "engine/registry.h"
#include "engine/sampler.h"
#include "engine/session.h"

struct scheduler {
    struct session *session;
    const struct tokenizer *tokenizer;
    struct sampler *sampler;
    struct registry registry;  /* all that are known */
    struct queue queue;        /* who waits */
    struct sequence **running; /* [sequences] oldest first */
    struct lane **lanes;       /* [sequences] of those */
    struct drawn *drawn;       /* [sequences] in the batch in hand */
    int64_t running_count;
    int64_t kept; /* sequences that finished and keep their pages */
    struct text scratch;
};

/* scheduler_end.c */
void scheduler_finish(struct scheduler *s, struct sequence *q, enum sy_finish finish);
void scheduler_forget(struct scheduler *s, struct sequence *q); /* in whatever phase */

/* scheduler_admit.c */
SY_MUST_CHECK bool scheduler_admit(struct scheduler *s,
                                   struct sy_error *err); /* as many as there is room for */
int64_t pages_unpromised(const struct scheduler *s);      /* free, and promised to nobody */

#endif
