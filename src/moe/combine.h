/*
 * Combine: the experts' rows back to their tokens, weighted; then the shared expert.
 */
#ifndef MOE_COMBINE_H
#define MOE_COMBINE_H

#include "kernels/ops.h"
#include "moe/grouping.h"
#include "moe/routing.h"

/* y_t = sum over its assignments, best first, of w_a * rows[row_of[a]]; without weights where the router
 * scaled the input. */
void combine_forward(struct exec *exec, const struct routing *routing, const struct grouping *grouping,
                     bool weighed_input, struct rows rows, struct rows y);

/* y += shared, where `gate` [T, 1] (its logit) exists times sigmoid(gate). shared, y [T, D]; shared and
 * gate are overwritten where nothing is kept. */
void combine_shared(struct exec *exec, struct rows gate, struct rows shared, struct rows y);
void combine_shared_take(struct exec *exec, struct rows gate, struct rows shared);

#endif
