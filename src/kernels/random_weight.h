/*
 * A random weight of any type in any layout that views can make of a file, for kernel-check and the tests.
 * Its bytes are taken from the caller, exactly as many as it has, so that they can be put where reading one
 * more crashes.
 */
#ifndef KERNELS_RANDOM_WEIGHT_H
#define KERNELS_RANDOM_WEIGHT_H

#include "base/checked.h"
#include "base/random.h"
#include "tensor/blocks/blocks.h"
#include "tensor/blocks/formats.h"
#include "tensor/weight.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum layout {
    LAYOUT_DENSE,      /* row-major */
    LAYOUT_PADDED,     /* columns of a wider matrix: rows at odd distances */
    LAYOUT_STRIPED,    /* every other row */
    LAYOUT_TRANSPOSED, /* the file is column-major */
    LAYOUT_SPREAD,     /* neither rows nor columns are adjacent */
    LAYOUT_COUNT,
};

struct random_weight_plan {
    enum dtype dtype;
    enum layout layout; /* F4 knows the first three only; others become dense. Blocks know no SPREAD */
    int64_t rows, cols; /* blocks: what their run is cut to, whole blocks beneath */
    bool scaled;        /* with a plane of scales; F4 always has one, blocks never */
    bool wild;          /* any bits at all, NaN and infinity included; else numbers of about 1 */
};

static inline void random_weight_fill(struct random *random, enum dtype dtype, bool wild, unsigned char *out,
                                      int64_t bytes) {
    bool raw = wild || dtype == DTYPE_F4_E2M1;
    int64_t size = raw ? 1 : dtype_bits(dtype) / 8;
    for (int64_t i = 0; i + size <= bytes; i += size) {
        if (raw) {
            out[i] = (unsigned char)random_u64(random);
        } else if (dtype == DTYPE_F8_E5M2) { /* the upper byte of an f16 */
            uint16_t half = f16_from_f32((float)random_normal(random));
            out[i] = (unsigned char)(half >> 8);
        } else if (dtype == DTYPE_F8_E8M0) {
            out[i] = (unsigned char)(120 + random_below(random, 12));
        } else {
            float value = (float)random_normal(random);
            dtype_from_f32(dtype, &value, 1, out + i);
        }
    }
}

/* Where a block with an f16 for all its numbers has it; and whether that of their minima follows. */
static inline int64_t random_weight_front(enum dtype dtype) {
    return dtype == DTYPE_Q6_K ? (int64_t)offsetof(struct q6_k, d) : 0;
}

static inline bool random_weight_has_least(enum dtype dtype) {
    return dtype == DTYPE_Q4_1 || dtype == DTYPE_Q5_1 || dtype == DTYPE_Q4_K || dtype == DTYPE_Q5_K;
}

/* Blocks of any bits, or such that every number is finite and about 1. */
static inline void random_weight_blocks(struct random *random, enum dtype dtype, bool wild,
                                        unsigned char *out, int64_t count) {
    const struct block_format *format = block_format_of(dtype);
    for (int64_t i = 0; i < count; i++, out += format->bytes)
        for (bool tame = false; !tame;) {
            float values[256], most = 0;
            for (int b = 0; b < format->bytes; b++) out[b] = (unsigned char)random_u64(random);
            format->decode(out, values);
            for (int j = 0; j < format->elements; j++)
                most = fabsf(values[j]) <= most ? most : fabsf(values[j]); /* NaN stays */
            tame = wild || (most < 64 && most > 0x1p-10f);
        }
}

static inline struct weight random_weight_of_blocks(struct random *random,
                                                    const struct random_weight_plan *plan,
                                                    void *(*take)(void *context, int64_t bytes),
                                                    void *context) {
    const struct block_format *format = block_format_of(plan->dtype);
    bool turned = plan->layout == LAYOUT_TRANSPOSED || plan->layout == LAYOUT_SPREAD;
    int64_t down = turned ? plan->cols : plan->rows, across = turned ? plan->rows : plan->cols;
    int64_t blocks = ceil_div(across, format->elements), stride = blocks * format->bytes;
    if (plan->layout == LAYOUT_PADDED) stride += 1 + (int64_t)random_below(random, 70);
    if (plan->layout == LAYOUT_STRIPED) stride *= 2;
    int64_t bytes = (down - 1) * stride + blocks * format->bytes;
    unsigned char *data = (unsigned char *)take(context, bytes);
    for (int64_t i = 0; i < bytes; i++) data[i] = (unsigned char)random_u64(random);
    for (int64_t row = 0; row < down; row++)
        random_weight_blocks(random, plan->dtype, plan->wild, data + row * stride, blocks);
    struct weight w = { .data = data, .dtype = plan->dtype, .rows = down, .cols = across, .name = "random" };
    w.row_stride = stride;
    return turned ? weight_transpose(&w) : w;
}

static inline void random_weight_scales(struct random *random, const struct random_weight_plan *plan,
                                        struct weight *w, void *(*take)(void *context, int64_t bytes),
                                        void *context) {
    static const struct {
        enum dtype dtype;
        int64_t rows, cols;
    } grids[] = { { DTYPE_F8_E8M0, 1, 32 },
                  { DTYPE_F32, 128, 128 },
                  { DTYPE_BF16, 128, 128 },
                  { DTYPE_F16, 2, 16 },
                  { DTYPE_F32, 1, 1 } };
    int grid = plan->dtype == DTYPE_F4_E2M1 ? 0 : (int)random_below(random, 5);
    w->scale_dtype = grids[grid].dtype;
    w->scale_rows = grids[grid].rows;
    w->scale_cols = grids[grid].cols;
    w->row_first = (int64_t)random_below(random, 200);
    w->col_first = (int64_t)random_below(random, 100) * 2;
    w->scale_col_stride = dtype_bits(w->scale_dtype) / 8;
    int64_t across = (w->col_first + w->cols - 1) / w->scale_cols + 1,
            down = (w->row_first + w->rows - 1) / w->scale_rows + 1;
    w->scale_row_stride = across * w->scale_col_stride;
    unsigned char *scales = (unsigned char *)take(context, down * w->scale_row_stride);
    random_weight_fill(random, w->scale_dtype, plan->wild, scales, down * w->scale_row_stride);
    w->scale = scales;
}

static inline struct weight random_weight(struct random *random, const struct random_weight_plan *plan,
                                          void *(*take)(void *context, int64_t bytes), void *context) {
    if (dtype_is_block(plan->dtype)) return random_weight_of_blocks(random, plan, take, context);
    int64_t size = dtype_bits(plan->dtype) / 8, n = plan->rows, k = plan->cols, bytes;
    struct weight w = { .dtype = plan->dtype, .rows = n, .cols = k, .name = "random" };
    w.col_stride = size;
    w.row_stride = size ? k * size : ceil_div(k, 2);
    int64_t row_bytes = w.row_stride;
    switch (plan->layout) {
    case LAYOUT_PADDED: w.row_stride += 1 + (int64_t)random_below(random, 70); break;
    case LAYOUT_STRIPED: w.row_stride *= 2; break;
    case LAYOUT_TRANSPOSED:
    case LAYOUT_SPREAD:
        if (size == 0) break;
        w.row_stride = plan->layout == LAYOUT_SPREAD ? 3 * size + 1 : size;
        w.col_stride = n * w.row_stride + (int64_t)random_below(random, 9);
        row_bytes = (k - 1) * w.col_stride + size;
        break;
    default: break;
    }
    bytes = (n - 1) * w.row_stride + row_bytes;
    unsigned char *data = (unsigned char *)take(context, bytes);
    /* Elements may lie at any address, so numbers are written one by one. */
    for (int64_t i = 0; i < bytes; i++) data[i] = (unsigned char)random_u64(random);
    if (!plan->wild)
        for (int64_t row = 0; size > 0 && row < n; row++)
            for (int64_t col = 0; col < k; col++)
                random_weight_fill(random, plan->dtype, false, data + row * w.row_stride + col * w.col_stride,
                                   size);
    w.data = data;
    if (plan->scaled || plan->dtype == DTYPE_F4_E2M1) random_weight_scales(random, plan, &w, take, context);
    return w;
}

#endif
