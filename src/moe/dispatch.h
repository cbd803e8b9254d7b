/*
 * Dispatch: where every assignment goes, and the rows that go there.
 */
#ifndef MOE_DISPATCH_H
#define MOE_DISPATCH_H

#include "kernels/ops.h"
#include "moe/grouping.h"
#include "moe/routing.h"

struct dispatched {
    struct grouping grouping;
    struct rows rows; /* [R, D] by expert */
};

/* What dispatch_forward takes for `tokens` tokens with up to `most` assignments each, for who computes
 * sizes. */
void dispatch_take(struct exec *exec, int64_t tokens, int64_t experts, int64_t most, int64_t width);

/* The grouping of a routing whose first `steps` tokens are steps, and row r = x of its token (times the
 * weight where the router scales the input). Dropless: capacity comes with training. */
struct dispatched dispatch_forward(struct exec *exec, const struct routing *routing, int64_t steps,
                                   bool weigh_input, struct rows x);

#endif
