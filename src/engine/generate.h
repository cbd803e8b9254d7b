/*
 * Generation: a prompt, then one token after the other. Greedy: the largest logit, ties to the lower id. The
 * samplers come with the scheduler.
 *
 *     ids:   p0 p1 .. pn-1 | g0 g1 .. gm-2 | gm-1        prompt, generated, the last one generated
 *     runs:  as prompt     | as steps      | never       so n + m - 1 positions are needed
 *
 * Where rotary factors depend on length (longrope), a sequence that outgrows the model's original context is
 * prefilled anew, once, with the long factors; the result says so.
 */
#ifndef ENGINE_GENERATE_H
#define ENGINE_GENERATE_H

#include "engine/session.h"

struct generate_request {
    const int64_t *prompt; /* checked ids, at least one */
    int64_t prompt_count;
    int64_t new_count; /* generate at most so many; 0: run the prompt only */
    bool ignore_eos;   /* do not stop at the model's end tokens */
};

struct generate_sink { /* either may be NULL; return false (err filled) to end */
    void *argument;
    bool (*token)(void *argument, int64_t index, int64_t token, struct sy_error *err);
    /* the routing of the id with this index (prompt, then generated) at one MoE layer: n assignments, best
     * first. Each index comes once a layer, in rising order, also where a sequence was prefilled anew. */
    bool (*routing)(void *argument, int64_t index, int64_t layer, const int32_t *ids, const float *weights,
                    int64_t n, struct sy_error *err);
};

struct generate_result {
    int64_t tokens;                         /* generated */
    int64_t steps;                          /* run one by one: tokens - 1, or 0 */
    double prefill_seconds, decode_seconds; /* of the prompt; of the steps */
    bool ended;                             /* by an end token, which is among the tokens */
    bool prefilled_anew;                    /* longrope: the original context was crossed */
};

/* Positions that a request needs; the session must have been opened for as many. */
int64_t generate_positions(const struct generate_request *request);

/* stats may be NULL; they count each id that was run once. On an error `result` tells what was done until
 * then. */
SY_MUST_CHECK bool generate(struct session *session, const struct generate_request *request,
                            const struct generate_sink *sink, struct moe_stats *stats,
                            struct generate_result *result, struct sy_error *err);

#endif
