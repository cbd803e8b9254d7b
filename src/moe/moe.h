/*
 * The MoE layer: route, dispatch, experts, combine, and statistics. x [T, D] (normalised) -> y [T, D].
 *
 *     struct moe_kept kept = moe_forward(exec, store, layer, map, x, y);
 *     ... kept.routing tells where every token went
 *
 * The same five stages serve one token and ten thousand, and later training (each with its backward beside
 * it), streaming (waves of experts) and a cluster (an exchange inside dispatch and combine).
 */
#ifndef MOE_MOE_H
#define MOE_MOE_H

#include "layers/row_map.h"
#include "moe/dispatch.h"
#include "moe/experts.h"
#include "moe/router.h"
#include "store/store.h"

/* What backward needs beside x, and the routing for whoever asks. On the tape, or until the caller's mark. */
struct moe_kept {
    struct routing routing;
    struct dispatched dispatched;
    struct experts_kept experts;
    struct rows shared, shared_gate; /* the shared expert's output and gate, before they meet */
    struct ffn_kept shared_ffn;
};

struct moe_kept moe_forward(struct exec *exec, struct store *store, int64_t layer, const struct row_map *map,
                            struct rows x, struct rows y);
/* Step memory that it takes for so many rows. */
int64_t moe_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count);
/* The takes themselves: for who counts a tape too. */
void moe_take(struct exec *exec, const struct spec *spec, const struct row_map *map);

#endif
