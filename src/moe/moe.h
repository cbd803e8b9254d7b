/*
 * The MoE layer: route, dispatch, experts, combine, and statistics. x [T, D] (normalised) -> y [T, D].
 *
 *     struct moe_scratch s = moe_scratch_take(exec, spec, T);
 *     moe_forward(exec, store, layer, T, steps, x, &s, NULL, y);        // s.routing tells where every token
 * went
 *
 * The same five stages serve one token and ten thousand, and later training (each with its backward beside
 * it), streaming (waves of experts) and a cluster (an exchange inside dispatch and combine).
 */
#ifndef MOE_MOE_H
#define MOE_MOE_H

#include "kernels/ops.h"
#include "layers/ffn.h"
#include "moe/dispatch.h"
#include "moe/experts.h"
#include "moe/router.h"
#include "store/store.h"

struct moe_saved; /* what backward needs, in training's tape; NULL when serving */

struct moe_scratch {
    struct router_scratch router;
    struct dispatch_map map;
    float *rows; /* [R, D] what goes to the experts, then what comes from them; then the shared one's */
    struct expert_scratch experts;
    float *shared_gate, *shared_rounded; /* [T], and x rounded for its product */
    struct routing routing;              /* the result of the first two stages */
};

struct moe_scratch moe_scratch_take(struct exec *exec, const struct spec *spec, int64_t rows);
int64_t moe_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count);

void moe_forward(struct exec *exec, const struct store *store, int64_t layer, int64_t rows, int64_t steps,
                 const float *x, struct moe_scratch *scratch, struct moe_saved *saved, float *y);

#endif
