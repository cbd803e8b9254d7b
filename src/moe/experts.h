/*
 * Experts: each expert's own feed-forward network on the rows that came to it.
 */
#ifndef MOE_EXPERTS_H
#define MOE_EXPERTS_H

#include "layers/ffn.h"
#include "moe/dispatch.h"
#include "store/store.h"

struct expert_scratch {
    struct ffn_part *parts; /* this thread's; one for each expert with work */
    float *biases;          /* decoded, where experts have any */
    struct ffn_scratch ffn;
};

/* For up to `active` experts with work; ffn_count: floats for ffn_scratch_take. */
struct expert_scratch expert_scratch_take(struct exec *exec, const struct spec *spec, int64_t active,
                                          int64_t ffn_count);

/* rows [R, D] in expert order, in place. */
void experts_forward(struct exec *exec, const struct store *store, int64_t layer,
                     const struct dispatch_map *map, struct expert_scratch *scratch, float *rows);

#endif
