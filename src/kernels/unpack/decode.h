/*
 * Decoding of rows of any weight to f32, for the levels above ref: fp8 and fp4, with their planes of scales,
 * by the level's own decode_run; blocks by its decode_runs; all else, and odd strides, by weight_get_row.
 *
 *     out[k] = value(code) * scale            one rounding, as in weight_get
 *
 * A scale holds for a run of columns (128, or 32), so a row is walked run by run. Static, since each
 * including file is compiled for its own instruction set.
 */
#ifndef KERNELS_UNPACK_DECODE_H
#define KERNELS_UNPACK_DECODE_H

#include "base/checked.h"
#include "kernels/types.h"
#include "kernels/unpack/decode_blocks.h"

/* `count` adjacent elements of F8_E4M3, F8_E5M2 or F4_E2M1 (from the low nibble of in[0] on) under one scale.
 */
typedef void decode_run_fn(enum dtype dtype, const unsigned char *in, int64_t count, float scale,
                           float *restrict out);

static inline float decode_scale(const struct weight *w, int64_t row, int64_t col) {
    const unsigned char *scale = w->scale + (w->row_first + row) / w->scale_rows * w->scale_row_stride +
                                 (w->col_first + col) / w->scale_cols * w->scale_col_stride;
    return w->scale_dtype == DTYPE_F8_E8M0 ? f8_e8m0_to_f32(*scale) : dtype_get(w->scale_dtype, scale, 0);
}

/* What a level brings. */
struct decoder {
    decode_run_fn *run;
    decode_runs_fn *runs;
};

/* cols [col, col + count) of one row: the bits of weight_get_row, sooner. */
static inline void decode_row(const struct weight *w, int64_t row, int64_t col, int64_t count,
                              float *restrict out, const struct decoder *decoder) {
    if (dtype_is_block(w->dtype) && !w->transposed && !w->scale) {
        decode_blocks(w->dtype, w->data + row * w->row_stride, col, count, out, decoder->runs);
        return;
    }
    bool f4 = w->dtype == DTYPE_F4_E2M1, f8 = w->dtype == DTYPE_F8_E4M3 || w->dtype == DTYPE_F8_E5M2;
    bool even = col % 2 == 0 && (!w->scale || (w->scale_cols % 2 == 0 && w->col_first % 2 == 0));
    if (!(f8 && w->col_stride == 1) && !(f4 && even)) {
        weight_get_row(w, row, col, count, out);
        return;
    }
    const unsigned char *in = w->data + row * w->row_stride;
    for (int64_t k = col, end = col + count; k < end;) {
        int64_t length = end - k;
        float scale = 1; /* changes nothing: what is decoded is never denormal in f32 */
        if (w->scale) {
            length = min_i64(length, w->scale_cols - (w->col_first + k) % w->scale_cols);
            scale = decode_scale(w, row, k);
        }
        decoder->run(w->dtype, in + (f4 ? k / 2 : k), length, scale, out + (k - col));
        k += length;
    }
}

enum { DECODE_COLS = 256 }; /* a multiple of 32 */

/* A piece of up to PANEL rows by DECODE_COLS columns, decoded, and the weight that describes it: columns
 * adjacent, no scales, so that a panel's fast path takes it from there. */
struct decoded {
    struct weight view;
    _Alignas(64) float values[PANEL * DECODE_COLS];
};

/* Rows [n0, n0 + PANEL) as far as they exist, columns [k0, k0 + kc), kc <= DECODE_COLS. */
static inline void decode_rows(const struct weight *w, int64_t n0, int64_t k0, int64_t kc,
                               const struct decoder *decoder, struct decoded *out) {
    int64_t rows = min_i64(PANEL, w->rows - n0);
    if (dtype_is_block(w->dtype) && !w->transposed) fetch_blocks(w, n0, k0, kc);
    for (int64_t j = 0; j < rows; j++) decode_row(w, n0 + j, k0, kc, out->values + j * DECODE_COLS, decoder);
    out->view = (struct weight){ .data = (const unsigned char *)out->values,
                                 .dtype = DTYPE_F32,
                                 .rows = rows,
                                 .cols = kc,
                                 .row_stride = DECODE_COLS * sizeof(float),
                                 .col_stride = sizeof(float) };
}

/* Blocks in a transposed view: rows of the file are columns, so they are decoded into the panel as they lie.
 */
static inline void decode_turned(const struct weight *w, int64_t n0, int64_t k0, int64_t kc,
                                 float *restrict panel, const struct decoder *decoder) {
    int64_t present = min_i64(PANEL, w->rows - n0);
    for (int64_t k = 0; k < kc; k++) {
        float *out = panel + k * PANEL;
        decode_blocks(w->dtype, w->data + (k0 + k) * w->col_stride, n0, present, out, decoder->runs);
        for (int64_t j = present; j < PANEL; j++) out[j] = 0;
    }
}

static inline bool is_turned(const struct weight *w) {
    return w->transposed && !w->scale;
}

#endif
