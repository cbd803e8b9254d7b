/*
 * Experts: one grouped call over all experts with work, a wave at a time.
 *
 * The store gives the experts that are wanted in waves: a resident model in one, a streamed one as they
 * arrive. Each wave's rows go to their own places in `out`, so the order of waves never shows.
 */
#include "moe/experts.h"

void experts_forward(struct exec *exec, const struct store *store, int64_t layer,
                     const struct dispatch_map *map, const float *rows, struct ffn_part *parts,
                     struct ffn_scratch *scratch, float *out) {
    const struct spec *spec = &store->model->spec;
    struct store_request request = store_acquire(store, layer, map->active, *map->active_count);
    struct store_wave wave;
    while (store_next_wave(&request, &wave)) {
        for (int64_t i = 0; i < wave.count; i++) {
            int64_t e = wave.ids[i];
            parts[i] = (struct ffn_part){
                .gate = wave_weight(&wave, SLOT_EXPERT_GATE, i),
                .up = wave_weight(&wave, SLOT_EXPERT_UP, i),
                .down = wave_weight(&wave, SLOT_EXPERT_DOWN, i),
                .gate_bias = store_expert_vector(store, layer, SLOT_EXPERT_GATE_BIAS, e),
                .up_bias = store_expert_vector(store, layer, SLOT_EXPERT_UP_BIAS, e),
                .down_bias = store_expert_vector(store, layer, SLOT_EXPERT_DOWN_BIAS, e),
                .row = map->expert_begin[e],
                .count = map->expert_begin[e + 1] - map->expert_begin[e],
                .steps = map->expert_steps[e],
            };
        }
        ffn_forward(exec, spec, parts, wave.count, spec->expert_width, rows, scratch, out);
        store_release(&wave);
    }
}
