/*
 * Scoring: how likely a model finds ids that are given to it. What perplexity and multiple choice are made
 * of.
 *
 *   logprob(id_i | id_0 .. id_i-1) = z[id_i] - max z - ln(sum over j of exp(z_j - max z))
 *
 * with z the logits after id i - 1. The sum runs in softmax's 16 lanes in f32, the logarithm and everything
 * that is summed over ids in f64. All ids run as prompt, so the bits do not depend on how they are cut.
 */
#ifndef EVAL_SCORE_H
#define EVAL_SCORE_H

#include "engine/session.h"

struct score {
    double logprob; /* natural */
    bool likeliest; /* no id has a larger logit, none of equal logit a lower number */
};

struct scorer; /* borrows a session; one vocabulary of scratch */
SY_MUST_CHECK bool scorer_open(struct session *session, struct scorer **out, struct sy_error *err);
void scorer_close(struct scorer *scorer); /* NULL is allowed */

/* Run ids onto a sequence (none: nothing happens), and score nothing. */
SY_MUST_CHECK bool score_past(struct scorer *scorer, struct kv_sequence *sequence, const int64_t *ids,
                              int64_t count, struct sy_error *err);
/* Run ids[0 .. count - 1) onto a sequence; scores[i] is that of ids[i + 1]. count >= 2. */
SY_MUST_CHECK bool score_ids(struct scorer *scorer, struct kv_sequence *sequence, const int64_t *ids,
                             int64_t count, struct score *scores, struct sy_error *err);

#endif
