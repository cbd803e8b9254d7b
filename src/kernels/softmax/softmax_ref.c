/*
 * Softmax of a whole row, and of one block of attention scores at a time: the definition.
 *
 * Where every element seen so far is -infinity, 0 stands in for the maximum, so that exp(-infinity - 0) = 0
 * and not NaN; a NaN in the row makes the sum NaN, and with it the row.
 *
 * Online softmax: Milakov and Gimelshein 2018, arXiv:1805.02867.
 */
#include "kernels/activation/polynomials.h"
#include "kernels/kernels.h"
#include "kernels/norm/lanes.h"

static float max_of(const float *x, int64_t first, int64_t last) {
    float lane[LANES];
    for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
    for (int64_t i = first; i < last; i++) lane[i % LANES] = x[i] > lane[i % LANES] ? x[i] : lane[i % LANES];
    return lanes_max(lane);
}

/* out[i] = exp(x[i] - max), and their sum. */
static float exp_of(const float *x, int64_t first, int64_t last, float max, float *out) {
    float lane[LANES] = { 0 }, shift = max == -INFINITY ? 0.0f : max;
    for (int64_t i = first; i < last; i++) {
        out[i] = exp_f32(x[i] - shift);
        lane[i % LANES] += out[i]; /* never negative: what is missing adds 0, and 0 changes nothing */
    }
    return lanes_sum(lane);
}

void softmax_ref(const float *x, int64_t n, float *out) {
    float sum = exp_of(x, 0, n, max_of(x, 0, n), out);
    float divisor = sum == 0.0f ? 1.0f : sum; /* all -infinity: zeros */
    for (int64_t i = 0; i < n; i++) out[i] = out[i] / divisor;
}

void softmax_block_ref(float *scores, int64_t count, int64_t first, int64_t last, float scale, float cap,
                       float *max, float *sum, float *rescale) {
    *rescale = 1.0f;
    if (first < last) {
        for (int64_t j = first; j < last; j++) {
            float s = scale * scores[j];
            scores[j] = cap > 0.0f ? cap * tanh_f32(s / cap) : s;
        }
        float before = *max, block = max_of(scores, first, last);
        *max = block > before ? block : before;
        if (*max != before) *rescale = exp_f32(before - *max);
        *sum = fmaf(*sum, *rescale, exp_of(scores, first, last, *max, scores));
    }
    for (int64_t j = 0; j < count; j++)
        if (j < first || j >= last) scores[j] = 0.0f;
}
