/*
 * A routing is a sparse T x E matrix: who goes where, with what weight. Top-k, top-1, top-p, groups, drops:
 * all are rows of assignments, best first. The router returns one; so does whatever else decides where tokens
 * go (a recorded route, a hash, the experts themselves). dispatch makes the grouping of it, by expert.
 */
#ifndef MOE_ROUTING_H
#define MOE_ROUTING_H

#include "tensor/rows.h"

struct routing { /* T tokens, E experts, R assignments */
    int64_t tokens, experts, assignments;
    int64_t most;       /* assignments of one token at most: K of a top-k router */
    struct rows logits; /* [T, E] as the linear gave them (bias of the linear and soft cap included) */
    const int64_t *assignment_begin; /* [T + 1] */
    const int32_t *expert_id;        /* [R] best first within a token */
    struct rows weight; /* [R, 1] as multiplied into the expert's output (or input), scale included */
};

/* For whoever looks at a routing rather than computing with it: reports, traces. */
static inline const real *routing_logits(const struct routing *routing, int64_t token) {
    return rows_row(routing->logits, token);
}
static inline const real *routing_weights(const struct routing *routing) {
    return rows_row(routing->weight, 0);
}

#endif
