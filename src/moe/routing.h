/*
 * A routing is a sparse T x E matrix: who goes where, with what weight. Top-k, top-1, top-p, groups, drops:
 * all are rows of assignments, best first. dispatch adds the index by expert.
 */
#ifndef MOE_ROUTING_H
#define MOE_ROUTING_H

#include <stdint.h>

struct routing { /* T tokens, E experts, R assignments */
    int64_t tokens, experts, assignments;
    int64_t most;        /* assignments of one token at most: K of a top-k router */
    const float *logits; /* [T, E] as the linear gave them (bias of the linear and soft cap included) */
    const int64_t *assignment_begin; /* [T + 1] */
    const int32_t *expert_id;        /* [R] best first within a token */
    const float *weight; /* [R] as multiplied into the expert's output (or input), scale included */
};

#endif
