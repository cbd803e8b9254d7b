/*
 * Rows: the view of what flows, as a weight (tensor/weight.h) is the view of what is stored. One row a token,
 * a head of a token, or a token at an expert. Nothing is owned: whoever took the memory says how long it
 * lives (kernels/exec.h).
 *
 *     x[i][j] = ((T *)at)[i * stride + j]        0 <= i < count, 0 <= j < width <= stride
 *
 *   dtype    DTYPE_REAL (f32), or BF16: two bytes each, for products that compute in bf16 anyway
 *   steps    rows [0, steps) belong to steps, the others to prompts: a product may take them in other
 *            arithmetic
 *   packed   room for the form in which products read these rows, or NULL. What lies in it is the product's
 *            own business; views of a part have a part of the room, views of columns none
 */
#ifndef TENSOR_ROWS_H
#define TENSOR_ROWS_H

#include "tensor/real.h"

#include <assert.h>
#include <stddef.h>

struct rows {
    void *at; /* NULL: there are none */
    enum dtype dtype;
    int64_t count, width, stride; /* rows; elements of a row; elements from one row to the next */
    int64_t steps;
    unsigned char *packed;
    int64_t packed_stride; /* bytes of room a row */
};

static inline bool rows_exist(struct rows x) {
    return x.at != NULL;
}

/* Rows that stand side by side at `at`. */
static inline struct rows rows_over(real *at, int64_t count, int64_t width) {
    return (struct rows){ .at = at, .dtype = DTYPE_REAL, .count = count, .width = width, .stride = width };
}

static inline struct rows rows_over_bf16(uint16_t *at, int64_t count, int64_t width) {
    return (struct rows){ .at = at, .dtype = DTYPE_BF16, .count = count, .width = width, .stride = width };
}

/* The elements of row i, which are reals. */
static inline real *rows_row(struct rows x, int64_t i) {
    assert(x.dtype == DTYPE_REAL);
    return (real *)x.at + i * x.stride;
}

static inline uint16_t *rows_row_bf16(struct rows x, int64_t i) {
    assert(x.dtype == DTYPE_BF16);
    return (uint16_t *)x.at + i * x.stride;
}

/* One long array of count * width? */
static inline bool rows_dense(struct rows x) {
    return x.stride == x.width;
}

/* The number of `steps` that fall into [first, first + count). */
static inline int64_t steps_within(int64_t steps, int64_t first, int64_t count) {
    int64_t n = steps - first;
    return n < 0 ? 0 : n > count ? count : n;
}

static inline void *rows_element(struct rows x, int64_t row, int64_t column) {
    return (char *)x.at + (row * x.stride + column) * (x.dtype == DTYPE_BF16 ? 2 : (int64_t)sizeof(real));
}

/* Rows [first, first + count). */
static inline struct rows rows_part(struct rows x, int64_t first, int64_t count) {
    assert(first >= 0 && count >= 0 && first + count <= x.count);
    if (x.at) x.at = rows_element(x, first, 0);
    if (x.packed) x.packed += first * x.packed_stride;
    x.steps = steps_within(x.steps, first, count);
    x.count = count;
    return x;
}

/* Columns [first, first + width) of all rows. */
static inline struct rows rows_columns(struct rows x, int64_t first, int64_t width) {
    assert(first >= 0 && width >= 0 && first + width <= x.width);
    if (x.at) x.at = rows_element(x, 0, first);
    x.width = width;
    x.packed = NULL, x.packed_stride = 0;
    return x;
}

/* Each row as `heads` rows of their own: [count, width] -> [count * heads, width / heads]. x is dense. */
static inline struct rows rows_heads(struct rows x, int64_t heads) {
    assert(rows_dense(x) && x.width % heads == 0);
    x.count *= heads, x.steps *= heads;
    x.width /= heads, x.stride = x.width;
    x.packed = NULL, x.packed_stride = 0;
    return x;
}

/* The same rows; the first so many are steps. */
static inline struct rows rows_with_steps(struct rows x, int64_t steps) {
    x.steps = steps;
    return x;
}

#endif
