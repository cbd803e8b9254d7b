/*
 * How fast a model runs, and in how much memory, on one device or on several.
 */
#ifndef PLAN_PREDICT_H
#define PLAN_PREDICT_H

#include "plan/cluster.h"

struct prediction {
    double tokens;             /* a second, the whole batch */
    double prompt_tokens;      /* a second, of prompts */
    double resident;           /* bytes, of one device */
    bool fits;                 /* into what memory is said, on each device; true where none is */
    struct rank_layout layout; /* of several devices the best; of one 1 x 1 x 1 */
};

/* ranks 0 or 1: one device. */
SY_MUST_CHECK bool plan_predict(const struct memory_input *input, const struct rates *rates,
                                const struct cluster_request *request, struct prediction *out,
                                struct sy_error *err);

#endif
