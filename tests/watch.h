/*
 * Watching sequences of a scheduler: what each one said, the bits of its logits and its routing; and whether
 * that is what it gives alone, fed id by id in its roles to a session that knows no scheduler.
 */
#ifndef WATCH_H
#define WATCH_H

#include "engine/sampler.h"
#include "engine/scheduler.h"
#include "tiny.h"

enum { WATCH_MOST = 1200 }; /* ids of a sequence */

struct watch {
    int64_t number;
    bool said[WATCH_MOST];                            /* logits of this index came */
    uint64_t logits[WATCH_MOST], routing[WATCH_MOST]; /* hashes */
    int64_t layers[WATCH_MOST];                       /* MoE layers whose routing came */
    int64_t ids[WATCH_MOST];
    bool step[WATCH_MOST]; /* its role */
    int64_t past, prompt_end, count;
    struct sy_request request;
    struct sy_event last;        /* once it has finished */
    double logprobs[WATCH_MOST]; /* of the tokens generated */
    bool finished;
};

/* Submits with the callbacks of a watch: sets the request's argument and callbacks; `from`, or NULL, is the
 * watch of request->past. False: refused. */
bool watch_submit(struct scheduler *s, struct watch *w, const struct watch *from, struct sy_request request,
                  struct sy_error *err);
void watch_poll(struct scheduler *s, struct watch *w); /* all events so far */

/* Steps until nothing is active, polling these. Fails the test on an error. */
void watch_run(struct scheduler *s, struct watch *const *watches, int64_t count);

/* Compares with what `alone` gives: each logit and routing bit, and each token drawn. What was released
 * before it finished must have wanted all logits, and have been polled until then. */
void watch_check(const struct watch *w, struct tiny *alone);

#endif
