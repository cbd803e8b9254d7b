/*
 * Experts: one grouped call over all experts with work, a wave at a time.
 *
 * The store gives the experts that are wanted in waves: a resident model in one, a streamed one as they
 * arrive. Each wave's rows come back to their own places, so the order of waves never shows.
 */
#include "moe/experts.h"

#include "base/checked.h"

enum { BIAS_COST = 4 }; /* of an element, in those of base/team.h */

struct experts_memory {
    struct ffn_part *parts; /* this thread's; one for each expert with work */
    float *biases;          /* decoded, where experts have any */
    int32_t *order;         /* the store's own, of a request's experts */
    struct ffn_kept kept;
};

/* Floats of one expert's three biases, each on cache lines of its own. */
static int64_t bias_count(const struct spec *spec) {
    return 2 * round_up(spec->expert_width, 16) + round_up(spec->width, 16);
}

static struct experts_memory take(struct exec *exec, const struct spec *spec, int64_t rows) {
    int64_t active = min_i64(spec->router.experts, rows);
    return (struct experts_memory){
        .parts = exec_table_own(exec, struct ffn_part, active),
        .biases = spec->expert_bias ? exec_table(exec, float, active *bias_count(spec)) : NULL,
        .order = exec_table(exec, int32_t, active),
        .kept = ffn_keep(exec, spec, rows, spec->expert_width),
    };
}

void experts_take(struct exec *exec, const struct spec *spec, int64_t rows) {
    take(exec, spec, rows);
    exec_in_place(exec, rows_over(NULL, rows, spec->width));
}

struct ffn_slice experts_slice_take(struct exec *exec, const struct spec *spec, int64_t tokens,
                                    int64_t rows) {
    int64_t bytes = ffn_slice_bytes(exec, spec, rows, spec->expert_width);
    if (spec->shared_width > 0)
        bytes = max_i64(bytes, ffn_slice_bytes(exec, spec, tokens, spec->shared_width));
    return ffn_slice_take(exec, min_i64(spec->router.experts, rows), bytes);
}

/* The biases of a wave's experts, decoded, and where every part finds its own. */
static void take_biases(struct exec *exec, const struct spec *spec, const struct store_wave *wave,
                        const struct experts_memory *m) {
    int64_t inner = round_up(spec->expert_width, 16);
    for (int64_t i = 0; i < wave->count; i++) {
        float *gate = m->biases + i * bias_count(spec), *up = gate + inner, *down = up + inner;
        m->parts[i].gate_bias = spec->gated ? gate : NULL;
        m->parts[i].up_bias = up;
        m->parts[i].down_bias = down;
    }
    int64_t cost = wave->count * bias_count(spec) * BIAS_COST;
    for (struct team_loop l = team_share(exec->team, wave->count, cost); team_next(&l);) {
        float *gate = m->biases + l.tile * bias_count(spec), *up = gate + inner, *down = up + inner;
        if (spec->gated) wave_vector(wave, SLOT_EXPERT_GATE_BIAS, l.tile, gate);
        wave_vector(wave, SLOT_EXPERT_UP_BIAS, l.tile, up);
        wave_vector(wave, SLOT_EXPERT_DOWN_BIAS, l.tile, down);
    }
    team_done(exec->team);
}

static struct ffn_part part_of(const struct store_wave *wave, int64_t i, const struct grouping *g) {
    int64_t e = wave->ids[i];
    return (struct ffn_part){ .gate = wave_weight(wave, SLOT_EXPERT_GATE, i),
                              .up = wave_weight(wave, SLOT_EXPERT_UP, i),
                              .down = wave_weight(wave, SLOT_EXPERT_DOWN, i),
                              .row = g->expert_begin[e],
                              .count = g->expert_begin[e + 1] - g->expert_begin[e],
                              .steps = g->expert_steps[e] };
}

struct experts_kept experts_forward(struct exec *exec, struct store *store, int64_t layer,
                                    const struct grouping *grouping, int64_t most, struct rows rows,
                                    const struct ffn_slice *slice) {
    const struct spec *spec = &store->spec;
    struct experts_memory m = take(exec, spec, most);
    struct rows room = exec_in_place(exec, rows_over(rows.at, most, rows.width)),
                out = rows_part(room, 0, rows.count);
    struct store_request request =
        store_acquire(store, layer, grouping->active, grouping->active_count, m.order);
    struct store_wave wave;
    while (store_next_wave(exec->team, &request, &wave)) {
        team_settle(exec->team); /* all look at the grouping again */
        for (int64_t i = 0; i < wave.count; i++) m.parts[i] = part_of(&wave, i, grouping);
        if (m.biases) take_biases(exec, spec, &wave, &m);
        ffn_forward(exec, spec, m.parts, wave.count, spec->expert_width, rows, slice, &m.kept, out);
        store_release(exec->team, &wave);
    }
    return (struct experts_kept){ m.kept, out };
}
