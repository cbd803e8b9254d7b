/*
 * Rows of activations in int8, for steps. A row of `cols` (a multiple of 32) takes quantised_bytes(cols), and
 * rows are packed:
 *
 *     byte   0          cols                 cols + cols / 8
 *          | q [cols] | scale [cols / 32]  | sum [cols / 32] |       int8, f32, i32
 */
#ifndef KERNELS_MATMUL_QUANTISED_H
#define KERNELS_MATMUL_QUANTISED_H

#include <stdint.h>

struct quantised_row {
    const int8_t *q;
    const float *scale; /* of 32 each */
    const int32_t *sum; /* of their q */
};

static inline int64_t quantised_bytes(int64_t cols) {
    return cols + cols / 4;
}

/* Row m of those at `rows`. */
static inline struct quantised_row quantised_row(const void *rows, int64_t m, int64_t cols) {
    const int8_t *q = (const int8_t *)rows + m * quantised_bytes(cols);
    return (struct quantised_row){ q, (const float *)(const void *)(q + cols),
                                   (const int32_t *)(const void *)(q + cols + cols / 8) };
}

#endif
