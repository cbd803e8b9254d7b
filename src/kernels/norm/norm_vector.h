/*
 * Norms over 16 lanes: norm_ref.c, a register at a time.
 */
#include "kernels/kernels.h"

#include <math.h>

void LEVEL(rms_norm)(const float *x, const float *weight, float eps, int64_t n, float *out) {
    vec squares = v_all(0.0f);
    for (int64_t i = 0; i < n; i += LANES) {
        vec v = v_get(x, i, n);
        squares = v_fma(v, v, squares);
    }
    vec r = v_all(1.0f / sqrtf(v_sum(squares) / (float)n + eps));
    for (int64_t i = 0; i < n; i += LANES) {
        vec y = v_mul(v_get(x, i, n), r);
        v_put(out, i, n, weight ? v_mul(y, v_get(weight, i, n)) : y);
    }
}

void LEVEL(layer_norm)(const float *x, const float *weight, const float *bias, float eps, int64_t n,
                       float *out) {
    vec sum = v_all(0.0f), squares = v_all(0.0f);
    for (int64_t i = 0; i < n; i += LANES) sum = v_add(sum, v_get(x, i, n));
    vec mean = v_all(v_sum(sum) / (float)n);
    for (int64_t i = 0; i < n; i += LANES) {
        vec d = v_select(v_between(0, n - i), v_sub(v_get(x, i, n), mean), v_all(0.0f));
        squares = v_fma(d, d, squares);
    }
    vec r = v_all(1.0f / sqrtf(v_sum(squares) / (float)n + eps));
    for (int64_t i = 0; i < n; i += LANES) {
        vec y = v_mul(v_sub(v_get(x, i, n), mean), r);
        if (weight && bias)
            y = v_fma(y, v_get(weight, i, n), v_get(bias, i, n));
        else if (weight)
            y = v_mul(y, v_get(weight, i, n));
        else if (bias)
            y = v_add(y, v_get(bias, i, n));
        v_put(out, i, n, y);
    }
}
