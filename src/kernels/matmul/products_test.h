/*
 * What the tests of op_matmul share: memory that is given back together, products of random operands, and the
 * definitions of a product in f32 and in bf16 as plain loops.
 */
#ifndef KERNELS_MATMUL_PRODUCTS_TEST_H
#define KERNELS_MATMUL_PRODUCTS_TEST_H

#include "kernels/ops.h"
#include "kernels/random_weight.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

enum { TAKES_MAX = 64 };

struct memory { /* what a test allocated */
    void *taken[TAKES_MAX];
    int count;
};

static inline void *take(void *context, int64_t bytes) {
    struct memory *memory = context;
    assert_true(memory->count < TAKES_MAX);
    void *block = calloc(1, (size_t)bytes + 1);
    assert_non_null(block);
    return memory->taken[memory->count++] = block;
}

static inline void release(struct memory *memory) {
    while (memory->count > 0) free(memory->taken[--memory->count]);
}

static inline float *take_normal(struct memory *memory, struct random *random, int64_t count) {
    float *values = take(memory, count * (int64_t)sizeof *values);
    for (int64_t i = 0; i < count; i++) values[i] = (float)random_normal(random);
    return values;
}

/* A product of random operands, the first `steps` of its rows steps; `weight` must live as long as it. */
static inline struct product random_product(struct memory *memory, struct random *random,
                                            const struct weight *weight, int64_t rows, int64_t steps,
                                            bool bias) {
    const struct numerics fast = { .compute = COMPUTE_BF16 };
    struct product p = { .weight = weight };
    p.x = rows_with_steps(rows_over(NULL, rows, weight->cols), steps);
    p.x.stride += (int64_t)random_below(random, 5);
    p.out = rows_over(NULL, rows, weight->rows);
    p.out.stride += (int64_t)random_below(random, 5);
    p.x.at = take_normal(memory, random, rows * p.x.stride);
    p.x.packed_stride = matmul_packed_bytes(&fast, weight->cols);
    p.x.packed = take(memory, rows * p.x.packed_stride);
    p.bias = bias ? take_normal(memory, random, weight->rows) : NULL;
    return p;
}

/* Levels that are tried with one team only. */
static inline bool slow(int level) {
    return level == LEVEL_REF || level == LEVEL_TILES;
}

/* ---- the definitions ---- */

static inline float bf16(float value) {
    return bf16_to_f32(bf16_from_f32(value));
}

static inline float naive_f32(const struct weight *w, const float *x, int64_t n) {
    float sum = 0;
    for (int64_t k = 0; k < w->cols; k++) sum = fmaf(x[k], weight_get(w, n, k), sum);
    return sum;
}

static inline float naive_bf16(const struct weight *w, const float *x, int64_t n) {
    float sum = 0;
    for (int64_t k0 = 0; k0 < w->cols; k0 += 32) {
        float chain[2] = { 0, 0 };
        for (int64_t i = 0; i < 32; i++) {
            bool there = k0 + i < w->cols;
            float a = there ? bf16(x[k0 + i]) : 0, b = there ? bf16(weight_get(w, n, k0 + i)) : 0;
            chain[i % 2] = fmaf(a, b, chain[i % 2]);
        }
        sum += chain[0] + chain[1];
    }
    return sum;
}

#endif
