/*
 * The MoE layer: the five stages in order. Nothing else happens to a token here.
 *
 *     x -> router -> assignments -> dispatch -> rows by expert -> experts -> combine -> y (+ shared expert)
 *                         \-> stats (moe/stats.h, called by the pass)
 */
#include "moe/moe.h"

#include "base/checked.h"
#include "kernels/stages.h"
#include "moe/combine.h"

struct moe_scratch moe_scratch_take(struct exec *exec, const struct spec *spec, int64_t rows) {
    struct moe_scratch s = { 0 };
    int64_t E = spec->router.experts, K = router_choices(&spec->router), D = spec->width, R = rows * K;
    s.router = router_scratch_take(exec, &spec->router, rows);
    s.map = dispatch_map_take(exec, rows, E, K);
    s.rows = exec_new(exec, float, R *D);
    int64_t inside = ffn_scratch_count(&exec->numerics, spec, R, spec->expert_width);
    if (spec->shared_width > 0)
        inside = max_i64(inside, ffn_scratch_count(&exec->numerics, spec, rows, spec->shared_width));
    s.experts = expert_scratch_take(exec, spec, min_i64(E, R), inside);
    if (spec->shared_width > 0 && spec->shared_gate) {
        s.shared_gate = exec_new(exec, float, rows);
        s.shared_rounded = exec_new(exec, float, matmul_rounded_count(&exec->numerics, rows, D));
    }
    return s;
}

int64_t moe_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, team_count);
    moe_scratch_take(&exec, spec, rows);
    return (int64_t)exec.arena.used;
}

static void shared_forward(struct exec *exec, const struct store *store, int64_t layer, int64_t rows,
                           int64_t steps, const float *x, struct moe_scratch *s, float *y) {
    const struct spec *spec = &store->model->spec;
    struct ffn_part part = { .gate = store_weight(store, layer, SLOT_SHARED_GATE),
                             .up = store_weight(store, layer, SLOT_SHARED_UP),
                             .down = store_weight(store, layer, SLOT_SHARED_DOWN),
                             .count = rows,
                             .steps = steps };
    ffn_forward(exec, spec, &part, 1, spec->shared_width, x, &s->experts.ffn, s->rows);
    if (spec->shared_gate) {
        struct matmul_job job = matmul_packed(store_weight(store, layer, SLOT_SHARED_SCALE), NULL, x,
                                              s->shared_rounded, s->shared_gate, rows, steps);
        op_matmul(exec, &job, 1);
    }
    combine_shared(exec, s->shared_gate, s->rows, rows, spec->width, y);
}

void moe_forward(struct exec *exec, const struct store *store, int64_t layer, int64_t rows, int64_t steps,
                 const float *x, struct moe_scratch *s, struct moe_saved *saved, float *y) {
    const struct spec *spec = &store->model->spec;
    const struct router_spec *r = &spec->router;
    int64_t D = spec->width, K = router_choices(r);
    bool weigh_input = r->weigh == WEIGH_SIGMOID_ON_INPUT;
    (void)saved; /* training's */

    router_forward(exec, store, layer, rows, x, &s->router);
    exec_stage(exec, STAGE_ROUTER);
    dispatch_build(exec, &s->router, rows, steps, r->experts, K, &s->map);
    dispatch_forward(exec, &s->map, weigh_input, x, D, s->rows);
    exec_stage(exec, STAGE_DISPATCH);
    experts_forward(exec, store, layer, &s->map, &s->experts, s->rows);
    exec_stage(exec, STAGE_EXPERTS);
    combine_forward(exec, &s->map, weigh_input, s->rows, D, y);
    exec_stage(exec, STAGE_COMBINE);
    if (spec->shared_width > 0) {
        shared_forward(exec, store, layer, rows, steps, x, s, y);
        exec_stage(exec, STAGE_EXPERTS);
    }

    s->routing = (struct routing){ .tokens = rows,
                                   .experts = r->experts,
                                   .assignments = s->map.assignments,
                                   .most = K,
                                   .logits = s->router.logits,
                                   .assignment_begin = s->map.assignment_begin,
                                   .expert_id = s->map.expert_id,
                                   .weight = s->map.weight };
}
