/*
 * Views of views against a naive model: a table of where each row and column of the view lies in the stored
 * matrix.
 */
#include "tensor/weight.h"

#include "base/random.h"
#include "tensor/blocks/blocks.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 600 };

/* The stored matrix, and how the view at hand maps to it. */
struct naive {
    int64_t rows, cols, block_rows, block_cols;
    enum dtype dtype, scale_dtype;
    unsigned char *data, *scale;
    bool scaled, transposed;
    int64_t row_of[SIDE_MAX], col_of[SIDE_MAX]; /* of the view, in its own orientation */
};

/* Random blocks of finite numbers: NaN equals nothing. */
static void fill_blocks(const struct naive *model, struct random *random, int64_t count) {
    const struct block_format *format = block_format_of(model->dtype);
    for (int64_t i = 0; i < count; i++) {
        unsigned char *block = model->data + i * format->bytes;
        for (bool finite = false; !finite;) {
            float values[256];
            for (int b = 0; b < format->bytes; b++) block[b] = (unsigned char)random_u64(random);
            format->decode(block, values);
            finite = true;
            for (int j = 0; j < format->elements; j++) finite = finite && isfinite(values[j]);
        }
    }
}

static void model_open(struct naive *model, struct random *random) {
    int64_t elements = model->rows * model->cols;
    int64_t scale_cols = (model->cols + model->block_cols - 1) / model->block_cols;
    int64_t scales = (model->rows + model->block_rows - 1) / model->block_rows * scale_cols;
    int bits = dtype_bits(model->dtype), scale_bytes = dtype_bits(model->scale_dtype) / 8;
    int64_t unit, unit_bytes;
    dtype_unit(model->dtype, &unit, &unit_bytes);
    model->data = malloc((size_t)(elements / unit * unit_bytes));
    model->scale = malloc((size_t)(scales * scale_bytes));
    if (bits == 0) fill_blocks(model, random, elements / unit);
    for (int64_t i = 0; i < elements * bits / 8; i++) {
        do model->data[i] = (unsigned char)random_u64(random);
        while (model->dtype == DTYPE_F8_E4M3 &&
               (model->data[i] & 0x7f) == 0x7f); /* no NaN: it equals nothing */
    }
    if (model->dtype == DTYPE_BF16 || model->dtype == DTYPE_F32) {
        for (int64_t i = 0; i < elements; i++) {
            float value = (float)random_normal(random);
            dtype_from_f32(model->dtype, &value, 1, model->data + i * bits / 8);
        }
    }
    for (int64_t i = 0; i < scales; i++) {
        float value = (float)(random_unit(random) + 0.01);
        if (model->scale_dtype == DTYPE_F8_E8M0)
            model->scale[i] = (unsigned char)(100 + random_below(random, 50));
        else
            dtype_from_f32(model->scale_dtype, &value, 1, model->scale + i * scale_bytes);
    }
    for (int i = 0; i < SIDE_MAX; i++) model->row_of[i] = model->col_of[i] = i;
}

static void model_close(struct naive *model) {
    free(model->data);
    free(model->scale);
}

static struct weight model_weight(const struct naive *model) {
    struct weight w = weight_matrix(model->data, model->dtype, model->rows, model->cols);
    if (!model->scaled) return w;
    int64_t scale_bytes = dtype_bits(model->scale_dtype) / 8;
    w.scale = model->scale;
    w.scale_dtype = model->scale_dtype;
    w.scale_rows = model->block_rows;
    w.scale_cols = model->block_cols;
    w.scale_row_stride = (model->cols + model->block_cols - 1) / model->block_cols * scale_bytes;
    w.scale_col_stride = scale_bytes;
    return w;
}

/* w[n][k] straight from the stored bytes. */
static float model_get(const struct naive *model, int64_t n, int64_t k) {
    int64_t row = model->transposed ? model->col_of[k] : model->row_of[n];
    int64_t col = model->transposed ? model->row_of[n] : model->col_of[k];
    float value = dtype_get(model->dtype, model->data, row * model->cols + col);
    if (!model->scaled) return value;
    int64_t scale_cols = (model->cols + model->block_cols - 1) / model->block_cols;
    return value * dtype_get(model->scale_dtype, model->scale,
                             row / model->block_rows * scale_cols + col / model->block_cols);
}

static void assert_agrees(const struct naive *model, const struct weight *w, struct random *random) {
    float got[SIDE_MAX], want[SIDE_MAX];
    for (int64_t n = 0; n < w->rows; n++) {
        int64_t first = (int64_t)random_below(random, (uint64_t)w->cols + 1);
        int64_t count = (int64_t)random_below(random, (uint64_t)(w->cols - first) + 1);
        if (n % 3 == 0) first = 0, count = w->cols;
        for (int64_t i = 0; i < count; i++) want[i] = model_get(model, n, first + i);
        weight_get_row(w, n, first, count, got);
        assert_same_bits(got, want, (size_t)count);
        if (count > 0) got[0] = weight_get(w, n, first);
        if (count > 1) got[count - 1] = weight_get(w, n, first + count - 1);
        assert_same_bits(got, want, (size_t)count);
    }
}

static int64_t in_range(struct random *random, int64_t low, int64_t high) { /* both ends included */
    return low + (int64_t)random_below(random, (uint64_t)(high - low) + 1);
}

static bool stripe_fits(const struct weight *w, int64_t step) {
    return w->scale == NULL || w->scale_rows % step == 0 || step % w->scale_rows == 0;
}

/* One random view of the view. */
static void narrow(struct naive *model, struct weight *w, struct random *random) {
    int64_t first, count, step = in_range(random, 1, 4);
    bool nibbles = model->dtype == DTYPE_F4_E2M1, blocks = dtype_is_block(model->dtype);
    int64_t unit, bytes;
    dtype_unit(model->dtype, &unit, &bytes);
    switch (random_below(random, 4)) {
    case 0:
        first = in_range(random, 0, w->rows - 1);
        if (w->transposed) first -= first % unit;
        count = in_range(random, 1, w->rows - first);
        *w = weight_rows(w, first, count);
        for (int64_t i = 0; i < count; i++) model->row_of[i] = model->row_of[first + i];
        break;
    case 1:
        first = in_range(random, 0, w->cols - 1);
        if (nibbles || (blocks && !w->transposed)) first -= first % unit;
        count = in_range(random, 1, w->cols - first);
        *w = weight_cols(w, first, count);
        for (int64_t i = 0; i < count; i++) model->col_of[i] = model->col_of[first + i];
        break;
    case 2:
        if (!stripe_fits(w, step) || w->transposed) break;
        first = in_range(random, 0, w->rows - 1);
        count = in_range(random, 1, (w->rows - 1 - first) / step + 1);
        *w = weight_row_stripe(w, first, step, count);
        for (int64_t i = 0; i < count; i++) model->row_of[i] = model->row_of[first + i * step];
        break;
    default:
        if (nibbles) break;
        *w = weight_transpose(w);
        model->transposed = !model->transposed;
        for (int i = 0; i < SIDE_MAX; i++) {
            int64_t swap = model->row_of[i];
            model->row_of[i] = model->col_of[i];
            model->col_of[i] = swap;
        }
    }
}

static void check_views(struct naive shape, uint64_t seed) {
    struct random random = random_seed(seed);
    for (int round = 0; round < 30; round++) {
        struct naive model = shape;
        model_open(&model, &random);
        struct weight w = model_weight(&model);
        for (int depth = 0; depth < 5; depth++) {
            assert_agrees(&model, &w, &random);
            narrow(&model, &w, &random);
        }
        assert_agrees(&model, &w, &random);
        model_close(&model);
    }
}

TEST(views_of_fp8_with_block_scales) {
    static const int64_t sides[][2] = { { 130, 257 }, { 127, 129 }, { 256, 384 },
                                        { 1, 1 },     { 128, 128 }, { 576, 300 } };
    static const enum dtype scales[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F16, DTYPE_F8_E8M0 };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        check_views((struct naive){ .rows = sides[i][0],
                                    .cols = sides[i][1],
                                    .block_rows = 128,
                                    .block_cols = 128,
                                    .dtype = DTYPE_F8_E4M3,
                                    .scale_dtype = scales[i % 4],
                                    .scaled = true },
                    i);
    }
}

TEST(views_of_mxfp4) {
    check_views((struct naive){ .rows = 40,
                                .cols = 192,
                                .block_rows = 1,
                                .block_cols = 32,
                                .dtype = DTYPE_F4_E2M1,
                                .scale_dtype = DTYPE_F8_E8M0,
                                .scaled = true },
                11);
}

TEST(views_of_blocks) {
    for (int dtype = DTYPE_PLAIN_COUNT; dtype < DTYPE_COUNT; dtype++) {
        check_views((struct naive){ .rows = 23,
                                    .cols = block_format_of((enum dtype)dtype)->elements == 32 ? 160 : 512,
                                    .block_rows = 1,
                                    .block_cols = 1,
                                    .dtype = (enum dtype)dtype },
                    (uint64_t)dtype);
    }
}

TEST(views_without_scales) {
    static const enum dtype dtypes[] = { DTYPE_F32, DTYPE_BF16, DTYPE_F8_E4M3, DTYPE_I16, DTYPE_F4_E2M1 };
    for (int i = 0; i < 5; i++) {
        check_views(
            (struct naive){ .rows = 33, .cols = 70, .block_rows = 1, .block_cols = 1, .dtype = dtypes[i] },
            (uint64_t)i);
    }
}

TEST(views_with_one_scale_an_element) {
    check_views((struct naive){ .rows = 20,
                                .cols = 300,
                                .block_rows = 16,
                                .block_cols = 1,
                                .dtype = DTYPE_BF16,
                                .scale_dtype = DTYPE_F32,
                                .scaled = true },
                3);
}

/* 130 x 257 in blocks of 128: by hand at the corners of the blocks. */
TEST(edge_blocks_take_their_own_scale) {
    unsigned char data[130 * 257];
    float scale[2 * 3] = { 1, 2, 3, 4, 5, 6 };
    memset(data, 0x38, sizeof data); /* 1.0 */
    struct weight w = weight_matrix(data, DTYPE_F8_E4M3, 130, 257);
    w.scale = (const unsigned char *)scale;
    w.scale_rows = w.scale_cols = 128;
    w.scale_row_stride = 3 * 4;
    w.scale_col_stride = 4;
    assert_true(weight_get(&w, 0, 0) == 1 && weight_get(&w, 127, 127) == 1);
    assert_true(weight_get(&w, 127, 128) == 2 && weight_get(&w, 0, 255) == 2 && weight_get(&w, 0, 256) == 3);
    assert_true(weight_get(&w, 128, 0) == 4 && weight_get(&w, 129, 256) == 6);
    struct weight part = weight_rows(&w, 127, 2);
    part = weight_cols(&part, 255, 2);
    assert_true(weight_get(&part, 0, 0) == 2 && weight_get(&part, 0, 1) == 3);
    assert_true(weight_get(&part, 1, 0) == 5 && weight_get(&part, 1, 1) == 6);
    part = weight_transpose(&part);
    assert_true(weight_get(&part, 1, 0) == 3 && weight_get(&part, 0, 1) == 5);
}

TEST(bytes_of_weights) {
    struct weight none = { .data = NULL };
    assert_int_equal(weight_bytes(&none), 0);
    unsigned char data[130 * 257], scale[24];
    struct weight w = weight_matrix(data, DTYPE_F8_E4M3, 130, 257);
    assert_int_equal(weight_bytes(&w), 130 * 257);
    w.scale = scale;
    w.scale_rows = w.scale_cols = 128;
    w.scale_row_stride = 12;
    w.scale_col_stride = 4;
    assert_int_equal(weight_bytes(&w), 130 * 257 + 6 * 4);
    struct weight middle = weight_rows(&w, 127, 2);
    assert_int_equal(weight_bytes(&middle), 2 * 257 + 6 * 4);
    middle = weight_cols(&middle, 0, 128);
    assert_int_equal(weight_bytes(&middle), 2 * 128 + 2 * 4);
    struct weight matrix = weight_matrix(data, DTYPE_BF16, 3, 5);
    assert_int_equal(weight_bytes(&matrix), 30);
    matrix = weight_matrix(data, DTYPE_F4_E2M1, 3, 6);
    assert_int_equal(weight_bytes(&matrix), 9);
    matrix = weight_matrix(data, DTYPE_Q4_K, 3, 512);
    assert_int_equal(weight_bytes(&matrix), 3 * 2 * 144);
    matrix = weight_transpose(&matrix);
    assert_int_equal(weight_bytes(&matrix), 3 * 2 * 144);
    matrix = weight_rows(&matrix, 256, 10); /* a part of a block is read as a whole */
    assert_int_equal(weight_bytes(&matrix), 3 * 144);
}
