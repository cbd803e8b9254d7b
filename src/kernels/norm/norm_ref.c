/*
 * Norms, the definition (formulas in types.h). Sums run in 16 lanes, see lanes.h.
 */
#include "kernels/kernels.h"
#include "kernels/norm/lanes.h"

void rms_norm_ref(const real *x, const float *weight, float eps, int64_t n, real *out) {
    real lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) {
        real v = i < n ? x[i] : 0.0f;
        lane[i % LANES] = real_fma(v, v, lane[i % LANES]);
    }
    real r = 1.0f / real_sqrt(lanes_sum(lane) / (real)n + eps);
    for (int64_t i = 0; i < n; i++) out[i] = weight ? (x[i] * r) * weight[i] : x[i] * r;
}

static real mean_of(const real *x, int64_t n) {
    real lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) lane[i % LANES] += i < n ? x[i] : 0.0f;
    return lanes_sum(lane) / (real)n;
}

void layer_norm_ref(const real *x, const float *weight, const float *bias, float eps, int64_t n, real *out) {
    real mean = mean_of(x, n), lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) {
        real d = i < n ? x[i] - mean : 0.0f;
        lane[i % LANES] = real_fma(d, d, lane[i % LANES]);
    }
    real r = 1.0f / real_sqrt(lanes_sum(lane) / (real)n + eps);
    for (int64_t i = 0; i < n; i++) {
        real y = (x[i] - mean) * r;
        if (weight && bias)
            out[i] = real_fma(y, weight[i], bias[i]);
        else
            out[i] = weight ? y * weight[i] : bias ? y + bias[i] : y;
    }
}
