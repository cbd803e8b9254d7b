/*
 * The MoE layer: the five stages in order. Nothing else happens to a token here.
 *
 *     x -> router -> routing -> dispatch -> rows by expert -> experts -> combine -> y (+ shared expert)
 *                       \-> stats (moe/stats.h, called by the pass)
 */
#include "moe/moe.h"

#include "base/checked.h"
#include "kernels/stages.h"
#include "moe/combine.h"

/* ---- the shared expert ---- */

struct shared_memory {
    struct rows out, gate; /* [T, D], [T, 1] */
    struct rows x;         /* with room for its packed form, where there is a gate */
    struct ffn_kept ffn;
};

/* Where nothing is kept, its output lies over the rows of the experts, which combine has read. */
static struct shared_memory take_shared(struct exec *exec, const struct spec *spec, const struct row_map *map,
                                        struct rows x, struct rows experts) {
    struct shared_memory m = { .out = exec_keeps(exec) ? map_keep(exec, map, spec->width)
                                                       : rows_part(experts, 0, map->count) };
    m.ffn = ffn_keep(exec, spec, map->count, spec->shared_width);
    if (spec->shared_gate) m.gate = map_keep(exec, map, 1);
    m.x = spec->shared_gate ? exec_with_room(exec, x) : x;
    return m;
}

static struct shared_memory shared_forward(struct exec *exec, const struct store *store, int64_t layer,
                                           const struct row_map *map, struct rows x, struct rows experts,
                                           const struct ffn_slice *slice, struct rows y) {
    const struct spec *spec = &store->spec;
    struct shared_memory m = take_shared(exec, spec, map, x, experts);
    const struct ffn_part part = { .gate = store_weight(store, layer, SLOT_SHARED_GATE),
                                   .up = store_weight(store, layer, SLOT_SHARED_UP),
                                   .down = store_weight(store, layer, SLOT_SHARED_DOWN),
                                   .count = map->count,
                                   .steps = map->steps };
    ffn_forward(exec, spec, &part, 1, spec->shared_width, x, slice, &m.ffn, m.out);
    if (rows_exist(m.gate)) {
        const struct product gate = { store_weight(store, layer, SLOT_SHARED_SCALE), NULL, m.x, m.gate };
        op_matmul(exec, &gate, 1);
    }
    combine_shared(exec, m.gate, m.out, y);
    return m;
}

/* ---- the layer ---- */

struct moe_kept moe_forward(struct exec *exec, struct store *store, int64_t layer, const struct row_map *map,
                            struct rows x, struct rows y) {
    const struct spec *spec = &store->spec;
    bool weigh_input = spec->router.weigh == WEIGH_SIGMOID_ON_INPUT;
    int64_t R = map->count * router_choices(&spec->router);
    struct moe_kept kept = { .routing = router_forward(exec, store, layer, map, x) };
    exec_stage(exec, STAGE_ROUTER);
    kept.dispatched = dispatch_forward(exec, &kept.routing, map->steps, weigh_input, x);
    exec_stage(exec, STAGE_DISPATCH);
    const struct grouping *grouping = &kept.dispatched.grouping;
    struct ffn_slice slice = experts_slice_take(exec, spec, map->count, R);
    kept.experts = experts_forward(exec, store, layer, grouping, R, kept.dispatched.rows, &slice);
    exec_stage(exec, STAGE_EXPERTS);
    combine_forward(exec, &kept.routing, grouping, weigh_input, kept.experts.out, y);
    exec_stage(exec, STAGE_COMBINE);
    if (spec->shared_width > 0) {
        struct rows room = rows_over(kept.experts.out.at, R, spec->width);
        struct shared_memory shared = shared_forward(exec, store, layer, map, x, room, &slice, y);
        kept.shared = shared.out, kept.shared_gate = shared.gate, kept.shared_ffn = shared.ffn;
        exec_stage(exec, STAGE_EXPERTS);
    }
    return kept;
}

void moe_take(struct exec *exec, const struct spec *spec, const struct row_map *map) {
    int64_t C = router_choices(&spec->router), R = map->count * C;
    router_take(exec, &spec->router, map);
    dispatch_take(exec, map->count, spec->router.experts, C, spec->width);
    experts_slice_take(exec, spec, map->count, R);
    experts_take(exec, spec, R);
    if (spec->shared_width == 0) return;
    struct rows x = rows_over(NULL, map->count, spec->width), rows = rows_over(NULL, R, spec->width);
    struct shared_memory shared = take_shared(exec, spec, map, x, rows);
    combine_shared_take(exec, shared.gate, shared.out);
}

int64_t moe_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, team_count, NULL);
    struct row_map map = row_map_of(rows);
    moe_take(&exec, spec, &map);
    return exec_taken(&exec);
}
