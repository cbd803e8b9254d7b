/*
 * Multiple choice: which of several continuations a model finds likeliest after a context.
 *
 *   score_c      = sum of ln p(id | all before it)                over the ids of continuation c
 *   normalised_c = score_c / characters of c
 *
 * The rules of lm-evaluation-harness (lm_eval/api/task.py, models/api: loglikelihood): accuracy by the first,
 * normalised accuracy by the second; ties go to the lower index. The context is run once; each continuation
 * goes on from a copy that shares its pages.
 */
#ifndef EVAL_CHOICE_H
#define EVAL_CHOICE_H

#include "eval/score.h"

#define CHOICES_MAX 64

struct choice_ids { /* context and continuation, as ids */
    const int64_t *ids;
    int64_t count;
    int64_t first; /* ids[first .. count) are the continuation; first >= 1, at least one of them */
};

struct choice_score {
    double logprob;
    bool greedy; /* each of its ids is the likeliest */
};

/* The session must have been opened for two sequences of the longest count. */
SY_MUST_CHECK bool choice_score(struct scorer *scorer, struct session *session,
                                const struct choice_ids *choices, int64_t count, struct choice_score *scores,
                                struct sy_error *err);

#endif
