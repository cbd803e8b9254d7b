/*
 * Experts: one grouped call over all experts with work, a wave at a time.
 *
 * The store gives the experts that are wanted in waves: a resident model in one, a streamed one as they
 * arrive. Each wave's rows come back to their own places, so the order of waves never shows.
 */
#include "moe/experts.h"

#include "base/checked.h"

/* Floats of one expert's three biases, each on cache lines of its own. */
static int64_t bias_count(const struct spec *spec) {
    return 2 * round_up(spec->expert_width, 16) + round_up(spec->width, 16);
}

struct expert_scratch expert_scratch_take(struct exec *exec, const struct spec *spec, int64_t active,
                                          int64_t ffn_count) {
    return (struct expert_scratch){
        .parts = exec_new_own(exec, struct ffn_part, active),
        .biases = spec->expert_bias ? exec_new(exec, float, active *bias_count(spec)) : NULL,
        .ffn = ffn_scratch_take(exec, active, ffn_count),
    };
}

/* The biases of a wave's experts, decoded by shares, and where every part finds its own. */
static void take_biases(struct exec *exec, const struct spec *spec, const struct store_wave *wave,
                        struct expert_scratch *s) {
    int64_t inner = round_up(spec->expert_width, 16);
    for (int64_t i = 0; i < wave->count; i++) {
        float *gate = s->biases + i * bias_count(spec), *up = gate + inner, *down = up + inner;
        if (i % exec->team->count == exec->team->rank) {
            if (spec->gated) wave_vector(wave, SLOT_EXPERT_GATE_BIAS, i, gate);
            wave_vector(wave, SLOT_EXPERT_UP_BIAS, i, up);
            wave_vector(wave, SLOT_EXPERT_DOWN_BIAS, i, down);
        }
        s->parts[i].gate_bias = spec->gated ? gate : NULL;
        s->parts[i].up_bias = up;
        s->parts[i].down_bias = down;
    }
    team_sync(exec->team);
}

void experts_forward(struct exec *exec, const struct store *store, int64_t layer,
                     const struct dispatch_map *map, struct expert_scratch *s, float *rows) {
    const struct spec *spec = &store->model->spec;
    struct store_request request = store_acquire(store, layer, map->active, *map->active_count);
    struct store_wave wave;
    while (store_next_wave(&request, &wave)) {
        for (int64_t i = 0; i < wave.count; i++) {
            int64_t e = wave.ids[i];
            s->parts[i] = (struct ffn_part){
                .gate = wave_weight(&wave, SLOT_EXPERT_GATE, i),
                .up = wave_weight(&wave, SLOT_EXPERT_UP, i),
                .down = wave_weight(&wave, SLOT_EXPERT_DOWN, i),
                .row = map->expert_begin[e],
                .count = map->expert_begin[e + 1] - map->expert_begin[e],
                .steps = map->expert_steps[e],
            };
        }
        if (s->biases) take_biases(exec, spec, &wave, s);
        ffn_forward(exec, spec, s->parts, wave.count, spec->expert_width, rows, &s->ffn, rows);
        store_release(&wave);
    }
}
