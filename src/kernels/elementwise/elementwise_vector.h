/*
 * y = scale * x (+ y) over 16 lanes.
 */
#include "kernels/kernels.h"

void LEVEL(axpy)(float scale, const float *x, int64_t n, float *y) {
    for (int64_t i = 0; i < n; i += LANES)
        v_put(y, i, n, v_fma(v_all(scale), v_get(x, i, n), v_get(y, i, n)));
}

void LEVEL(scale)(float scale, const float *x, int64_t n, float *y) {
    for (int64_t i = 0; i < n; i += LANES) v_put(y, i, n, v_mul(v_all(scale), v_get(x, i, n)));
}
