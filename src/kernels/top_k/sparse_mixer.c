/*
 * SparseMixer's choice at inference (phi-3.5-moe): one expert at a time, each weighed against those near it.
 *
 *   for j = 0 .. top_k - 1, over the experts not chosen yet, z being their logits:
 *       m   = max z,  e_j = the lowest index that has it
 *       near = { i : not (m - z_i) / max(|z_i|, m) > 2 * jitter }
 *       w_j = softmax over `near` of z at e_j = 1 / sum over near of exp(z_i - m)
 *
 * The weights of a row do not sum to 1: each is close to 1 unless there are near ties.
 *
 * Source: transformers, models/phimoe/modular_phimoe.py, sparsemixer(); there top_k is always 2. The masks
 * there run over unmasked logits in both steps, as here: an expert once chosen has z' = -infinity and adds
 * nothing.
 */
#include "base/checked.h"
#include "kernels/activation/polynomials.h"
#include "kernels/ops.h"

enum { TILE_ROWS = 16, COST = 64 };

static bool chosen(const int32_t *ids, int64_t count, int64_t expert) {
    for (int64_t j = 0; j < count; j++)
        if (ids[j] == expert) return true;
    return false;
}

static bool near(real z, real max, real jitter) {
    real size = real_fabs(z), within = size < max ? max : size;
    return !((max - z) / within > 2 * jitter); /* 0 / 0: the maximum itself, when it is 0 */
}

static void mix(const struct kernels *kernels, real jitter, const real *logits, int64_t experts,
                int64_t top_k, int32_t *ids, real *weights) {
    kernels->top_k(logits, experts, top_k, ids); /* the same as the largest that remains, top_k times */
    for (int64_t j = 0; j < top_k; j++) {
        real max = logits[ids[j]], sum = 0;
        for (int64_t i = 0; i < experts; i++)
            if (!chosen(ids, j, i) && near(logits[i], max, jitter)) sum += real_exp(logits[i] - max);
        weights[j] = 1 / sum;
    }
}

void host_sparse_mixer(struct exec *exec, float jitter, struct rows logits, int32_t *ids,
                       struct rows weights) {
    int64_t K = weights.width;
    for (struct team_loop l =
             team_share(exec->team, ceil_div(logits.count, TILE_ROWS), COST * logits.count * logits.width);
         team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(logits.count, (l.tile + 1) * TILE_ROWS); i++)
            mix(exec->kernels, jitter, rows_row(logits, i), logits.width, K, ids + i * K,
                rows_row(weights, i));
    team_done(exec->team);
}
