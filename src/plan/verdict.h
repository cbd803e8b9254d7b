/*
 * The facts that a verdict rests on; commands/ puts them into sentences.
 */
#ifndef PLAN_VERDICT_H
#define PLAN_VERDICT_H

#include "plan/predict.h"

struct verdict {
    const struct recipe
        *fitting;             /* the widest recipe that fits --memory, over the ranks where there are some;
                                     NULL: none does, or nobody asks */
    int64_t short_of;         /* bytes that are missing */
    int64_t dense_fitting;    /* parameters of a dense model whose weights fit in the same memory */
    int64_t dense_equal;      /* of a dense model of about equal quality: sqrt(total * active) */
    double dense_tokens;      /* a second, of that, at the same type and rates, batch 1 */
    double streamed_tokens;   /* a second, of this model when experts are fetched; 0: it cannot be */
    bool dense_serves_better; /* it fits where this one does not, and is faster than fetching */
};

struct verdict plan_verdict(const struct memory_input *input, const struct plan_memory *memory,
                            const struct rates *rates, const struct cluster_request *cluster,
                            const struct roofline *roofline, int64_t total, int64_t active);

#endif
