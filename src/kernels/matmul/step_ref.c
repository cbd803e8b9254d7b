/*
 * Steps by definition: rows of activations in int8 times weights in blocks of integers. Within 32 elements
 * the dot is exact; between them there is one chain an output, blocks ascending:
 *
 *     q8_0, q4_0, q5_0   acc = fma(d * xs, dot, acc)
 *     q4_1, q5_1         acc = fma(d * xs, dot, acc),         acm = fma(m, xs * sum, acm),   out = acc + acm
 *     q4_k, q5_k         acc = fma((d * sc) * xs, dot, acc),  acm = fma(dmin * mn, xs * sum, acm),
 *                                                                                            out = acc - acm
 *     q6_k               acc = fma(d * xs, sc0 * dot0 + sc1 * dot1, acc)
 *
 * xs, sum: the scale of 32 activations and the sum of their integers. d * sc and dmin * mn are exact. A scale
 * of q6_k belongs to 16: dot0 is that of the first, dot1 that of the last. Their sum is an integer of at most
 * 2 * 128 * 16 * 32 * 127 = 16646144 < 2^24, so as a float it is exact too.
 */
#include "kernels/kernels.h"
#include "kernels/matmul/quantised.h"
#include "tensor/blocks/formats.h"
#include "tensor/records.h"

#include <math.h>

/* A row of a weight, and room for one of its blocks, where it has to be brought together. */
struct stored_row {
    const struct weight *weight;
    int64_t n;
    unsigned char room[RECORD_UNIT];
};

/* The block that holds run b. */
static const void *block_of(struct stored_row *row, int64_t b) {
    const struct weight *w = row->weight;
    if (w->records) return records_unit(w, row->n, 32 * b, row->room);
    int64_t elements, bytes;
    dtype_unit(w->dtype, &elements, &bytes);
    return w->data + row->n * w->row_stride + 32 * b / elements * bytes;
}

typedef float row_fn(struct stored_row *row, int64_t runs, const struct quantised_row *x);

static float row_q8_0(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q8_0 *block = block_of(row, b);
        int32_t dot = 0;
        for (int i = 0; i < 32; i++) dot += block->q[i] * x->q[32 * b + i];
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot, acc);
    }
    return acc;
}

/* The fifth bit of number i, for the nibble beneath it. */
static int fifth(const unsigned char *bits, int i) {
    return (bits[i / 8] >> i % 8 & 1) << 4;
}

/* 32 activations with nibbles and a bit above each, of which `zero` stands for 0. */
static int32_t dot_of_fives(const unsigned char *q, const unsigned char *bits, int zero, const int8_t *x) {
    int32_t dot = 0;
    for (int i = 0; i < 16; i++)
        dot += (((q[i] & 15) | fifth(bits, i)) - zero) * x[i] +
               (((q[i] >> 4) | fifth(bits, 16 + i)) - zero) * x[16 + i];
    return dot;
}

/* 32 activations with nibbles, of which `zero` stands for 0. */
static int32_t dot_of_nibbles(const unsigned char *q, int zero, const int8_t *x) {
    int32_t dot = 0;
    for (int i = 0; i < 16; i++) dot += ((q[i] & 15) - zero) * x[i] + ((q[i] >> 4) - zero) * x[16 + i];
    return dot;
}

static float row_q4_0(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q4_0 *block = block_of(row, b);
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot_of_nibbles(block->q, 8, x->q + 32 * b), acc);
    }
    return acc;
}

static float row_q4_1(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q4_1 *block = block_of(row, b);
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot_of_nibbles(block->q, 0, x->q + 32 * b), acc);
        acm = fmaf(block_f16(block->m), x->scale[b] * (float)x->sum[b], acm);
    }
    return acc + acm;
}

static float row_q5_0(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q5_0 *block = block_of(row, b);
        int32_t dot = dot_of_fives(block->q, block->qh, 16, x->q + 32 * b);
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot, acc);
    }
    return acc;
}

static float row_q5_1(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q5_1 *block = block_of(row, b);
        int32_t dot = dot_of_fives(block->q, block->qh, 0, x->q + 32 * b);
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)dot, acc);
        acm = fmaf(block_f16(block->m), x->scale[b] * (float)x->sum[b], acm);
    }
    return acc + acm;
}

/* Both links of group t of a q4_k; or of a q5_k, which begins alike and has fifth bits, of all groups. */
static void links_k(const struct q4_k *head, const unsigned char *q, const unsigned char *fifths, int t,
                    const struct quantised_row *x, int64_t b, float *acc, float *acm) {
    float scale = block_f16(head->d) * (float)q4_k_scale(head->scales, t),
          least = block_f16(head->dmin) * (float)q4_k_min(head->scales, t);
    int32_t dot = 0;
    q += 32 * (t / 2);
    for (int i = 0; i < 32; i++) {
        int above = fifths ? (fifths[i] >> t & 1) << 4 : 0;
        dot += ((q[i] >> 4 * (t % 2) & 15) | above) * x->q[32 * b + i];
    }
    *acc = fmaf(scale * x->scale[b], (float)dot, *acc);
    *acm = fmaf(least, x->scale[b] * (float)x->sum[b], *acm);
}

static float row_q4_k(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q4_k *block = block_of(row, b);
        links_k(block, block->q, NULL, (int)(b % 8), x, b, &acc, &acm);
    }
    return acc - acm;
}

static float row_q5_k(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0, acm = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q5_k *block = block_of(row, b);
        links_k((const void *)block, block->q, block->qh, (int)(b % 8), x, b, &acc, &acm);
    }
    return acc - acm;
}

static float row_q6_k(struct stored_row *row, int64_t runs, const struct quantised_row *x) {
    float acc = 0;
    for (int64_t b = 0; b < runs; b++) {
        const struct q6_k *block = block_of(row, b);
        int t = (int)(b % 8), low = 4 * (t % 4 / 2), high = 2 * (t % 4);
        const unsigned char *ql = block->ql + 64 * (t / 4) + 32 * (t % 2), *qh = block->qh + 32 * (t / 4);
        int32_t dot[2] = { 0, 0 };
        for (int i = 0; i < 32; i++)
            dot[i / 16] += (((ql[i] >> low & 15) | (qh[i] >> high & 3) << 4) - 32) * x->q[32 * b + i];
        int32_t scaled = block->scales[2 * t] * dot[0] + block->scales[2 * t + 1] * dot[1];
        acc = fmaf(block_f16(block->d) * x->scale[b], (float)scaled, acc);
    }
    return acc;
}

static void step(const struct weight *w, int64_t n0, const void *x, int64_t rows, real *out, row_fn *row) {
    for (int64_t m = 0; m < rows; m++) {
        struct quantised_row one = quantised_row(x, m, w->cols);
        for (int64_t j = 0; j < PANEL; j++) {
            struct stored_row stored = { .weight = w, .n = n0 + j };
            out[m * PANEL + j] = n0 + j < w->rows ? row(&stored, w->cols / 32, &one) : 0;
        }
    }
}

#define STEP(format)                                                                                         \
    void step_##format##_ref(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,       \
                             real *restrict out) {                                                           \
        step(w, n0, x, rows, out, row_##format);                                                             \
    }
STEP(q8_0)
STEP(q4_0)
STEP(q4_1)
STEP(q5_0)
STEP(q5_1)
STEP(q4_k)
STEP(q5_k)
STEP(q6_k)
