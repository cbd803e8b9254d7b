/*
 * Panels by definition: PANEL outputs side by side, k-major, each element decoded on its own.
 *
 *     panel[k][j] = w[n0 + j][k0 + k]                                        0 where n0 + j >= rows
 *     pairs[p][j] = bf16(w[n0 + j][k0 + 2p]) | bf16(w[n0 + j][k0 + 2p + 1]) << 16    0 where k >= kc, too
 *
 * pairs is the operand of TDPBF16PS (and of vpdpbf16ps): one layout for one row and for many.
 */
#include "kernels/kernels.h"
#include "kernels/unpack/weight_real.h"

static real element(const struct weight *w, int64_t n, int64_t k, int64_t k_end) {
    return n < w->rows && k < k_end ? weight_real(w, n, k) : 0;
}

void panel_f32_ref(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, real *restrict panel) {
    for (int64_t k = 0; k < kc; k++)
        for (int64_t j = 0; j < PANEL; j++) panel[k * PANEL + j] = element(w, n0 + j, k0 + k, k0 + kc);
}

void panel_bf16_ref(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, uint32_t *restrict panel) {
    for (int64_t p = 0; p < (kc + 31) / 32 * 16; p++)
        for (int64_t j = 0; j < PANEL; j++) {
            uint32_t even = bf16_from_f32((float)element(w, n0 + j, k0 + 2 * p, k0 + kc));
            uint32_t odd = bf16_from_f32((float)element(w, n0 + j, k0 + 2 * p + 1, k0 + kc));
            panel[p * PANEL + j] = even | odd << 16;
        }
}
