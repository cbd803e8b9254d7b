/*
 * Rows of block formats to f32, wherever they begin and end. A level decodes whole runs of 32
 * (decode_runs_fn, by codes_avx2.h); here are the edges, and what to fetch ahead.
 */
#ifndef KERNELS_UNPACK_DECODE_BLOCKS_H
#define KERNELS_UNPACK_DECODE_BLOCKS_H

#include "base/checked.h"
#include "kernels/types.h"
#include "tensor/blocks/formats.h"

/* Runs [first, first + count) of a row of blocks. */
typedef void decode_runs_fn(enum dtype dtype, const unsigned char *row, int64_t first, int64_t count,
                            float *restrict out);

/* Elements [col, col + count) of a row of blocks. */
static inline void decode_blocks(enum dtype dtype, const unsigned char *row, int64_t col, int64_t count,
                                 float *restrict out, decode_runs_fn *runs) {
    float edge[BLOCK_RUN];
    int64_t into = col % BLOCK_RUN, head = into ? min_i64(BLOCK_RUN - into, count) : 0;
    int64_t whole = (count - head) / BLOCK_RUN, tail = count - head - whole * BLOCK_RUN;
    if (head) {
        runs(dtype, row, col / BLOCK_RUN, 1, edge);
        memcpy(out, edge + into, (size_t)head * sizeof *out);
    }
    if (whole) runs(dtype, row, (col + head) / BLOCK_RUN, whole, out + head);
    if (tail) {
        runs(dtype, row, (col + head) / BLOCK_RUN + whole, 1, edge);
        memcpy(out + head + whole * BLOCK_RUN, edge, (size_t)tail * sizeof *out);
    }
}

/* Ask for the bytes that the next piece but one of a panel's rows will want; behind the end of the rows,
 * those of the next panel. */
static inline void fetch_blocks(const struct weight *w, int64_t n0, int64_t k0, int64_t kc) {
    enum { LINE = 64, PIECES_AHEAD = 2 };
    int64_t elements, bytes;
    dtype_unit(w->dtype, &elements, &bytes);
    int64_t row_bytes = ceil_div(w->cols, elements) * bytes, piece = kc * bytes / elements;
    int64_t at = k0 * bytes / elements + PIECES_AHEAD * piece;
    if (at >= row_bytes) at += PANEL * w->row_stride - row_bytes;
    for (int64_t j = 0; j < min_i64(PANEL, w->rows - n0); j++)
        for (int64_t line = 0; line < piece; line += LINE)
            __builtin_prefetch(w->data + (n0 + j) * w->row_stride + at + line);
}

#endif
