/*
 * Norms, the definition (formulas in types.h). Sums run in 16 lanes, see lanes.h.
 */
#include "kernels/kernels.h"
#include "kernels/norm/lanes.h"

void rms_norm_ref(const float *x, const float *weight, float eps, int64_t n, float *out) {
    float lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) {
        float v = i < n ? x[i] : 0.0f;
        lane[i % LANES] = fmaf(v, v, lane[i % LANES]);
    }
    float r = 1.0f / sqrtf(lanes_sum(lane) / (float)n + eps);
    for (int64_t i = 0; i < n; i++) out[i] = weight ? (x[i] * r) * weight[i] : x[i] * r;
}

static float mean_of(const float *x, int64_t n) {
    float lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) lane[i % LANES] += i < n ? x[i] : 0.0f;
    return lanes_sum(lane) / (float)n;
}

void layer_norm_ref(const float *x, const float *weight, const float *bias, float eps, int64_t n,
                    float *out) {
    float mean = mean_of(x, n), lane[LANES] = { 0 };
    for (int64_t i = 0; i < lanes_padded(n); i++) {
        float d = i < n ? x[i] - mean : 0.0f;
        lane[i % LANES] = fmaf(d, d, lane[i % LANES]);
    }
    float r = 1.0f / sqrtf(lanes_sum(lane) / (float)n + eps);
    for (int64_t i = 0; i < n; i++) {
        float y = (x[i] - mean) * r;
        if (weight && bias)
            out[i] = fmaf(y, weight[i], bias[i]);
        else
            out[i] = weight ? y * weight[i] : bias ? y + bias[i] : y;
    }
}
