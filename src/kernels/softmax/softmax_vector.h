/*
 * Softmax over 16 lanes: softmax_ref.c, a register at a time.
 *
 * Registers begin at multiples of 16 whatever the visible range [first, last) is, as element j belongs to
 * lane j mod 16.
 */
#include "kernels/activation/vector_math.h"
#include "kernels/kernels.h"

void LEVEL(softmax)(const float *x, int64_t n, float *out) {
    vec largest = v_all(-INFINITY), sum = v_all(0.0f);
    for (int64_t i = 0; i < n; i += LANES) {
        vec v = v_select(v_between(0, n - i), v_get(x, i, n), v_all(-INFINITY));
        largest = v_max(v, largest);
    }
    float max = v_largest(largest);
    vec shift = v_all(max == -INFINITY ? 0.0f : max);
    for (int64_t i = 0; i < n; i += LANES) {
        vec p = v_exp(v_sub(v_get(x, i, n), shift));
        v_put(out, i, n, p);
        sum = v_add(sum, v_select(v_between(0, n - i), p, v_all(0.0f)));
    }
    float total = v_sum(sum);
    vec divisor = v_all(total == 0.0f ? 1.0f : total);
    for (int64_t i = 0; i < n; i += LANES) v_put(out, i, n, v_div(v_get(out, i, n), divisor));
}

/* Raw scores become s; returns the largest of those visible. */
static inline float cap_scores(float *scores, int64_t count, int64_t first, int64_t last, float scale,
                               float cap) {
    vec largest = v_all(-INFINITY), bound = v_all(cap);
    for (int64_t j = first / LANES * LANES; j < last; j += LANES) {
        vec s = v_mul(v_all(scale), v_get(scores, j, count));
        if (cap > 0.0f) s = v_mul(bound, v_tanh(v_div(s, bound)));
        v_put(scores, j, count, s);
        largest = v_max(v_select(v_between(first - j, last - j), s, v_all(-INFINITY)), largest);
    }
    return v_largest(largest);
}

void LEVEL(softmax_block)(float *scores, int64_t count, int64_t first, int64_t last, float scale, float cap,
                          float *max, float *sum, float *rescale) {
    *rescale = 1.0f;
    if (first >= last) first = last = 0;
    int64_t begin = first / LANES * LANES;
    vec zero = v_all(0.0f), total = zero;
    for (int64_t j = 0; j < begin; j += LANES) v_put(scores, j, count, zero);
    int64_t j = begin;
    if (first < last) {
        float before = *max, block = cap_scores(scores, count, first, last, scale, cap);
        *max = block > before ? block : before;
        if (*max != before) *rescale = exp_f32(before - *max);
        vec shift = v_all(*max == -INFINITY ? 0.0f : *max);
        for (; j < last; j += LANES) {
            vec p = v_exp(v_sub(v_get(scores, j, count), shift));
            p = v_select(v_between(first - j, last - j), p, zero);
            v_put(scores, j, count, p);
            total = v_add(total, p);
        }
        *sum = fmaf(*sum, *rescale, v_sum(total));
    }
    for (; j < count; j += LANES) v_put(scores, j, count, zero);
}
