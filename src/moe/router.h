/*
 * Router: which of the E experts see a token, and with what weight.
 */
#ifndef MOE_ROUTER_H
#define MOE_ROUTER_H

#include "kernels/ops.h"
#include "store/store.h"

struct router_scratch {
    float *logits, *scores; /* [T, E] */
    int32_t *ids;           /* [T, choices] best first */
    float *weights;         /* [T, choices] */
    int32_t *counts;        /* [T] how many of the choices count; NULL: all */
};

/* Choices that a router makes for a token at most: K, or E where the rule does not fix their number. */
int64_t router_choices(const struct router_spec *router);
struct router_scratch router_scratch_take(struct exec *exec, const struct router_spec *router, int64_t rows);

/* x [T, D] -> scratch: logits, ids, weights (and counts), each row by falling weight. Always in f32, whatever
 * numerics say. */
void router_forward(struct exec *exec, const struct store *store, int64_t layer, int64_t rows, const float *x,
                    struct router_scratch *scratch);

/* Does router_forward know this router? Names what it does not. */
SY_MUST_CHECK bool router_check(const struct router_spec *router, struct sy_error *err);

#endif
