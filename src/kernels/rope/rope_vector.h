/*
 * Rotary positions over 16 lanes. Interleaved pairs stay where they are: with their neighbours swapped in a
 * second register, one alternating fma gives a * cos - b * sin in even lanes and b * cos + a * sin in odd.
 */
#include "kernels/kernels.h"

void LEVEL(rope)(float *x, const float *cos, const float *sin, int64_t half, bool interleaved) {
    if (interleaved) {
        for (int64_t i = 0; i < 2 * half; i += LANES) {
            vec v = v_get(x, i, 2 * half), c = v_get_twice(cos, i, 2 * half),
                s = v_get_twice(sin, i, 2 * half);
            v_put(x, i, 2 * half, v_fma_alternating(v, c, v_mul(v_swap_pairs(v), s)));
        }
        return;
    }
    for (int64_t i = 0; i < half; i += LANES) {
        vec a = v_get(x, i, half), b = v_get(x + half, i, half), c = v_get(cos, i, half),
            s = v_get(sin, i, half);
        v_put(x, i, half, v_fma(a, c, v_negative(v_mul(b, s))));
        v_put(x + half, i, half, v_fma(b, c, v_mul(a, s)));
    }
}
