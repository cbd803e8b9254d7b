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

static real max_of(const real *x, int64_t first, int64_t last) {
    real lane[LANES];
    for (int l = 0; l < LANES; l++) lane[l] = -INFINITY;
    for (int64_t i = first; i < last; i++) lane[i % LANES] = x[i] > lane[i % LANES] ? x[i] : lane[i % LANES];
    return lanes_max(lane);
}

/* out[i] = exp(x[i] - max), and their sum. */
static real exp_of(const real *x, int64_t first, int64_t last, real max, real *out) {
    real lane[LANES] = { 0 }, shift = max == -INFINITY ? 0.0f : max;
    for (int64_t i = first; i < last; i++) {
        out[i] = real_exp(x[i] - shift);
        lane[i % LANES] += out[i]; /* never negative: what is missing adds 0, and 0 changes nothing */
    }
    return lanes_sum(lane);
}

void softmax_ref(const real *x, int64_t n, real *out) {
    real sum = exp_of(x, 0, n, max_of(x, 0, n), out);
    real divisor = sum == 0.0f ? 1.0f : sum; /* all -infinity: zeros */
    for (int64_t i = 0; i < n; i++) out[i] = out[i] / divisor;
}

void softmax_block_ref(real *scores, int64_t count, int64_t first, int64_t last, float scale, float cap,
                       real *max, real *sum, real *rescale) {
    *rescale = 1.0f;
    if (first < last) {
        for (int64_t j = first; j < last; j++) {
            real s = scale * scores[j];
            scores[j] = cap > 0.0f ? cap * real_tanh(s / cap) : s;
        }
        real before = *max, block = max_of(scores, first, last);
        *max = block > before ? block : before;
        if (*max != before) *rescale = real_exp(before - *max);
        *sum = real_fma(*sum, *rescale, exp_of(scores, first, last, *max, scores));
    }
    for (int64_t j = 0; j < count; j++)
        if (j < first || j >= last) scores[j] = 0.0f;
}
