/*
 * A weight: the view of stored bytes that a product reads. Nothing is copied: transposed files, interleaved
 * halves, heads of a joint matrix and scale planes beside are all strides and offsets.
 *
 *     w[n][k] = decode(data + n * row_stride + k * col_stride)
 *               * scale[(row_first + n) / scale_rows][(col_first + k) / scale_cols]
 *
 *   rows N: outputs.  cols K: inputs.  y[m][n] = sum over k of x[m][k] * w[n][k].
 *
 * Strides are in bytes. F4_E2M1 has two elements a byte: its col_stride is 0, and element k is nibble k % 2
 * of byte k / 2 of the row. The product with the scale is rounded once to f32 (and, as every product, flushed
 * where the thread flushes denormals); without a plane it is exact.
 *
 * Block formats (tensor/blocks/) have their col_stride 0 too: element k of a row of the file lies in block
 * k / elements, at data + n * row_stride + (k / elements) * bytes. A view that swaps rows and columns says so
 * in `transposed`, since no stride can: then w[n][k] is element n of the file's row k, at
 * data + k * col_stride + (n / elements) * bytes, and row_stride is 0.
 *
 * A weight in records (tensor/records.h) holds the same numbers in an order that products like better.
 *
 * A vector (norm weight, bias) is a weight of one row.
 */
#ifndef TENSOR_WEIGHT_H
#define TENSOR_WEIGHT_H

#include "tensor/dtype.h"

struct weight {
    const unsigned char *data; /* element (0, 0); NULL: this weight does not exist */
    enum dtype dtype;
    int64_t rows, cols;
    int64_t row_stride, col_stride;
    bool transposed; /* blocks only: they run down the columns of this view */
    bool records;    /* the bytes stand in the order of tensor/records.h; row_stride: bytes / rows */

    const unsigned char *scale;     /* NULL: none */
    enum dtype scale_dtype;         /* F32, BF16, F16 or F8_E8M0 */
    int64_t scale_rows, scale_cols; /* elements that one scale covers along each axis: 128, 128 or 1, 32 */
    int64_t scale_row_stride, scale_col_stride; /* bytes */
    int64_t row_first, col_first;               /* where this view begins in the grid of scales */

    const char *name; /* of the tensor it came from, for messages; borrowed */
};

static inline bool weight_exists(const struct weight *w) {
    return w != 0 && w->data != 0;
}

/* A dense row-major matrix without scales. */
struct weight weight_matrix(const void *data, enum dtype dtype, int64_t rows, int64_t cols);

/* Views of a view. Bounds are asserted. Columns of F4_E2M1 must begin at an even index; it cannot be
 * transposed. Along their blocks (columns; rows when transposed) block formats can be cut between blocks only
 * (but for the end), and have no stripes. With scales, the step of a stripe must divide scale_rows or be a
 * multiple of it. Records have rows alone, cut between panels. */
struct weight weight_rows(const struct weight *w, int64_t first, int64_t count);
struct weight weight_row_stripe(const struct weight *w, int64_t first, int64_t step,
                                int64_t count); /* rows first, first + step... */
struct weight weight_cols(const struct weight *w, int64_t first, int64_t count);
struct weight weight_transpose(const struct weight *w);

/* The definition, one element at a time. */
float weight_get(const struct weight *w, int64_t row, int64_t col);
/* cols [col, col + count) of one row to f32: what every faster unpacker is checked against. */
void weight_get_row(const struct weight *w, int64_t row, int64_t col, int64_t count, float *out);

int64_t weight_bytes(const struct weight *w); /* touched by reading all of it, scales included */

#endif
