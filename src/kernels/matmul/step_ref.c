/*
 * Steps by definition: rows of activations in int8 times weights in blocks of integers. Within 32 elements
 * the dot is exact; between them there is one chain an output, blocks ascending:
 *
 *     q8_0, q4_0   acc = fma(d * xs, dot, acc)
 *     q4_1         acc = fma(d * xs, dot, acc),         acm = fma(m, xs * sum, acm),          out = acc + acm
 *     q4_k         acc = fma((d * sc) * xs, dot, acc),  acm = fma(dmin * mn, xs * sum, acm),  out = acc - acm
 *
 * xs, sum: the scale of 32 activations and the sum of their integers. d * sc and dmin * mn are exact.
 */
#include "kernels/kernels.h"
#include "kernels/matmul/quantised.h"
#include "tensor/blocks/formats.h"

#include <math.h>

typedef float row_fn(const unsigned char *row, int64_t cols, const struct quantised_row *x);

static float row_q8_0(const unsigned char *row, int64_t cols, const struct quantised_row *x) {
    const struct q8_0 *block = (const void *)row;
    float acc = 0;
    for (int64_t b = 0; b < cols / 32; b++, block++) {
        int32_t dot = 0;
        for (int i = 0; i < 32; i++) dot += block->q[i] * x->q[32 * b + i];
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot, acc);
    }
    return acc;
}

/* 32 activations with nibbles, of which `zero` stands for 0. */
static int32_t dot_of_nibbles(const unsigned char *q, int zero, const int8_t *x) {
    int32_t dot = 0;
    for (int i = 0; i < 16; i++) dot += ((q[i] & 15) - zero) * x[i] + ((q[i] >> 4) - zero) * x[16 + i];
    return dot;
}

static float row_q4_0(const unsigned char *row, int64_t cols, const struct quantised_row *x) {
    const struct q4_0 *block = (const void *)row;
    float acc = 0;
    for (int64_t b = 0; b < cols / 32; b++, block++)
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot_of_nibbles(block->q, 8, x->q + 32 * b), acc);
    return acc;
}

static float row_q4_1(const unsigned char *row, int64_t cols, const struct quantised_row *x) {
    const struct q4_1 *block = (const void *)row;
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < cols / 32; b++, block++) {
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot_of_nibbles(block->q, 0, x->q + 32 * b), acc);
        acm = fmaf(block_f16(block->m), x->scale[b] * (float)x->sum[b], acm);
    }
    return acc + acm;
}

static float row_q4_k(const unsigned char *row, int64_t cols, const struct quantised_row *x) {
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < cols / 32; b++) {
        const struct q4_k *block = (const struct q4_k *)(const void *)row + b / 8;
        int t = (int)(b % 8);
        const unsigned char *q = block->q + 32 * (t / 2);
        float scale = block_f16(block->d) * (float)q4_k_scale(block->scales, t),
              least = block_f16(block->dmin) * (float)q4_k_min(block->scales, t);
        int32_t dot = 0;
        for (int i = 0; i < 32; i++) dot += (q[i] >> 4 * (t % 2) & 15) * x->q[32 * b + i];
        acc = fmaf(scale * x->scale[b], (float)dot, acc);
        acm = fmaf(least, x->scale[b] * (float)x->sum[b], acm);
    }
    return acc - acm;
}

static void step(const struct weight *w, int64_t n0, const void *x, int64_t rows, real *out, row_fn *row) {
    for (int64_t m = 0; m < rows; m++) {
        struct quantised_row one = quantised_row(x, m, w->cols);
        for (int64_t j = 0; j < PANEL; j++) {
            bool there = n0 + j < w->rows;
            out[m * PANEL + j] = there ? row(w->data + (n0 + j) * w->row_stride, w->cols, &one) : 0;
        }
    }
}

void step_q8_0_ref(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                   real *restrict out) {
    step(w, n0, x, rows, out, row_q8_0);
}

void step_q4_0_ref(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                   real *restrict out) {
    step(w, n0, x, rows, out, row_q4_0);
}

void step_q4_1_ref(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                   real *restrict out) {
    step(w, n0, x, rows, out, row_q4_1);
}

void step_q4_k_ref(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                   real *restrict out) {
    step(w, n0, x, rows, out, row_q4_k);
}
