/*
 * kernel-check of the products: panels of weights of every type and layout, products, rounding, rows of
 * weights.
 */
#include "kernels/kernel_check.h"
#include "kernels/random_weight.h"

#include <math.h>
#include <string.h>

static const enum dtype weight_types[] = {
    DTYPE_F32,  DTYPE_BF16, DTYPE_F16,  DTYPE_F64,    DTYPE_F8_E4M3, DTYPE_F8_E5M2, DTYPE_F4_E2M1,
    DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q5_0,   DTYPE_Q5_1,    DTYPE_Q2_K,    DTYPE_Q3_K,
    DTYPE_Q4_K, DTYPE_Q5_K, DTYPE_Q6_K, DTYPE_IQ4_NL, DTYPE_IQ4_XS,  DTYPE_MXFP4,
};
enum { WEIGHT_TYPES = sizeof weight_types / sizeof weight_types[0] };

static void *take_input(void *context, int64_t bytes) {
    return check_input(context, bytes);
}

/* Bounds below add 2^-126: denormals, which the comparison itself reads as zero. */

/* ---- panels ---- */

/* Each type, layout, with and without scales, tame and wild, at sizes around the edges of tiles. */
static void each_weight(struct check *check,
                        void (*trial)(struct check *check, const struct weight *w, int layout)) {
    static const int64_t sizes[][2] = { { 1, 1 },   { 1, 33 },   { 5, 15 },   { 16, 32 },
                                        { 17, 16 }, { 31, 31 },  { 32, 64 },  { 33, 65 },
                                        { 40, 17 }, { 64, 256 }, { 70, 300 }, { 9, 530 } };
    for (int size = 0; size < (int)(sizeof sizes / sizeof sizes[0]); size++)
        for (int type = 0; type < WEIGHT_TYPES; type++)
            for (int layout = 0; layout < LAYOUT_COUNT; layout++)
                for (int kind = 0; kind < 4; kind++) {
                    struct random_weight_plan plan = { weight_types[type], (enum layout)layout,
                                                       sizes[size][0],     sizes[size][1],
                                                       kind & 1,           kind & 2 };
                    struct weight w = random_weight(&check->random, &plan, take_input, check);
                    trial(check, &w, layout);
                    check_done(check);
                }
}

static int64_t random_piece(struct check *check, const struct weight *w, int64_t k0) {
    bool rest = random_below(&check->random, 2);
    return rest ? w->cols - k0 : 1 + (int64_t)random_below(&check->random, (uint64_t)(w->cols - k0));
}

static void trial_panel_f32(struct check *check, const struct weight *w, int layout) {
    for (int64_t n0 = 0; n0 < w->rows; n0 += PANEL)
        for (int64_t k0 = 0; k0 < w->cols; k0 += 64) {
            int64_t kc = random_piece(check, w, k0), count = kc * PANEL;
            float *want = check_output(check, count * 4), *got = check_output(check, count * 4);
            check->ref->panel_f32(w, n0, k0, kc, want);
            check->test->panel_f32(w, n0, k0, kc, got);
            check_same(check, got, want, count, "%s, layout %d, [%ld, %ld] at %ld, %ld + %ld",
                       dtype_name(w->dtype), layout, (long)w->rows, (long)w->cols, (long)n0, (long)k0,
                       (long)kc);
            for (int64_t i = 0; i < count; i += 7) {
                int64_t n = n0 + i % PANEL;
                float value = n < w->rows ? weight_get(w, n, k0 + i / PANEL) : 0;
                if (isfinite(value)) check_near(check, got[i], value, 0);
            }
        }
}

void check_panel_f32(struct check *check) {
    each_weight(check, trial_panel_f32);
}

/* Both halves of each word as f32, so that NaN can equal NaN. */
static float *halves(struct check *check, const uint32_t *words, int64_t count) {
    float *out = check_output(check, count * 8);
    for (int64_t i = 0; i < count; i++) {
        out[2 * i] = bf16_to_f32((uint16_t)(words[i] & 0xffff));
        out[2 * i + 1] = bf16_to_f32((uint16_t)(words[i] >> 16));
    }
    return out;
}

static void trial_panel_bf16(struct check *check, const struct weight *w, int layout) {
    for (int64_t n0 = 0; n0 < w->rows; n0 += PANEL)
        for (int64_t k0 = 0; k0 < w->cols; k0 += 64) {
            int64_t kc = random_piece(check, w, k0), count = ceil_div(kc, 32) * 16 * PANEL;
            uint32_t *want = check_output(check, count * 4), *got = check_output(check, count * 4);
            check->ref->panel_bf16(w, n0, k0, kc, want);
            check->test->panel_bf16(w, n0, k0, kc, got);
            float *want_halves = halves(check, want, count), *got_halves = halves(check, got, count);
            check_same(check, got_halves, want_halves, 2 * count,
                       "%s, layout %d, [%ld, %ld] at %ld, %ld + %ld", dtype_name(w->dtype), layout,
                       (long)w->rows, (long)w->cols, (long)n0, (long)k0, (long)kc);
            for (int64_t i = 0; i < 2 * count; i += 7) {
                int64_t n = n0 + i / 2 % PANEL, k = i / 2 / PANEL * 2 + i % 2;
                double value = n < w->rows && k < kc ? weight_get(w, n, k0 + k) : 0;
                if (fabs(value) < 3e38)
                    check_near(check, got_halves[i], value, fabs(value) * 0x1p-8 + 0x1p-126);
            }
        }
}

void check_panel_bf16(struct check *check) {
    each_weight(check, trial_panel_bf16);
}

/* ---- products ---- */

static const int64_t row_counts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 24, 31, 33, 49, 128 };
static const int64_t block_sizes[] = { 1, 2, 15, 16, 31, 32, 33, 64, 100, 256 };
enum {
    ROW_COUNTS = sizeof row_counts / sizeof row_counts[0],
    BLOCK_SIZES = sizeof block_sizes / sizeof block_sizes[0]
};

/* |error| of a chain of kc + 4 roundings, each of relative size 2^-24; what is flushed adds the smallest
 * normal. */
static double chain_bound(int64_t kc, double sum_of_magnitudes) {
    return (double)(kc + 4) * (sum_of_magnitudes * 0x1p-24 + 0x1p-126);
}

static void trial_product_f32(struct check *check, enum check_data data, int64_t kc, int64_t rows) {
    int64_t stride = kc + (int64_t)random_below(&check->random, 40);
    float *panel = check_input(check, kc * PANEL * 4),
          *x = check_input(check, ((rows - 1) * stride + kc) * 4);
    float *start = check_output(check, rows * PANEL * 4), *want = check_output(check, rows * PANEL * 4),
          *got = check_output(check, rows * PANEL * 4);
    check_fill(check, data, panel, kc * PANEL);
    check_fill(check, data, x, (rows - 1) * stride + kc);
    check_fill(check, data, start, rows * PANEL);
    memcpy(want, start, (size_t)rows * PANEL * 4);
    memcpy(got, start, (size_t)rows * PANEL * 4);
    check->ref->product_f32(panel, kc, x, stride, rows, want);
    check->test->product_f32(panel, kc, x, stride, rows, got);
    check_same(check, got, want, rows * PANEL, "%ld rows, %ld k, data %d", (long)rows, (long)kc, data);
    for (int64_t i = 0; i < rows * PANEL && data != DATA_SPECIAL && data != DATA_HUGE; i += 5) {
        double exact = start[i], magnitudes = fabs(exact);
        for (int64_t k = 0; k < kc; k++) {
            double product = (double)x[i / PANEL * stride + k] * panel[k * PANEL + i % PANEL];
            exact += product;
            magnitudes += fabs(product);
        }
        check_near(check, got[i], exact, chain_bound(kc, magnitudes));
    }
    check_done(check);
}

void check_product_f32(struct check *check) {
    for (int data = 0; data < DATA_COUNT; data++)
        for (int block = 0; block < BLOCK_SIZES; block++)
            for (int rows = 0; rows < ROW_COUNTS; rows++)
                trial_product_f32(check, (enum check_data)data, block_sizes[block], row_counts[rows]);
}

static void trial_product_bf16(struct check *check, enum check_data data, int64_t kc, int64_t rows) {
    int64_t padded = round_up(kc, 32), stride = padded + (int64_t)random_below(&check->random, 40);
    int64_t words = padded / 2 * PANEL, x_count = (rows - 1) * stride + padded;
    uint32_t *panel = check_input(check, words * 4);
    float *values = check_input(check, words * 8), *x_values = check_input(check, x_count * 4);
    uint16_t *x = check_input(check, x_count * 2);
    float *start = check_output(check, rows * PANEL * 4), *want = check_output(check, rows * PANEL * 4),
          *got = check_output(check, rows * PANEL * 4);
    check_fill(check, data, values, words * 2);
    check_fill(check, data, x_values, x_count);
    check_fill(check, data, start, rows * PANEL);
    for (int64_t i = 0; i < words; i++) {
        uint32_t even = bf16_from_f32(values[2 * i]), odd = bf16_from_f32(values[2 * i + 1]);
        panel[i] = (i / PANEL * 2 < kc ? even : 0) | (i / PANEL * 2 + 1 < kc ? odd << 16 : 0);
    }
    for (int64_t i = 0; i < x_count; i++) x[i] = i % stride < kc ? bf16_from_f32(x_values[i]) : 0;
    memcpy(want, start, (size_t)rows * PANEL * 4);
    memcpy(got, start, (size_t)rows * PANEL * 4);
    check->ref->product_bf16(panel, kc, x, stride, rows, want);
    check->test->product_bf16(panel, kc, x, stride, rows, got);
    check_same(check, got, want, rows * PANEL, "%ld rows, %ld k, data %d", (long)rows, (long)kc, data);
    for (int64_t i = 0; i < rows * PANEL && data != DATA_SPECIAL && data != DATA_HUGE; i += 5) {
        double exact = start[i], magnitudes = fabs(exact);
        for (int64_t k = 0; k < kc; k++) {
            uint32_t pair = panel[k / 2 * PANEL + i % PANEL];
            double product = (double)bf16_to_f32(x[i / PANEL * stride + k]) *
                             bf16_to_f32((uint16_t)(k % 2 ? pair >> 16 : pair));
            exact += product;
            magnitudes += fabs(product);
        }
        check_near(check, got[i], exact, chain_bound(kc, magnitudes));
    }
    check_done(check);
}

void check_product_bf16(struct check *check) {
    for (int data = 0; data < DATA_COUNT; data++)
        for (int block = 0; block < BLOCK_SIZES; block++)
            for (int rows = 0; rows < ROW_COUNTS; rows++)
                trial_product_bf16(check, (enum check_data)data, block_sizes[block], row_counts[rows]);
}

void check_round_bf16(struct check *check) {
    for (int data = 0; data < DATA_COUNT; data++)
        for (int64_t n = 0; n < 70; n++) {
            float *x = check_input(check, n * 4), *want_f32 = check_input(check, n * 4),
                  *got_f32 = check_input(check, n * 4);
            uint16_t *want = check_output(check, n * 2), *got = check_output(check, n * 2);
            check_fill(check, (enum check_data)data, x, n);
            for (int64_t i = 0; i < n; i++) { /* and ties, which the data have too few of */
                uint32_t bits;
                memcpy(&bits, &x[i], sizeof bits);
                if (random_below(&check->random, 4) == 0) bits = (bits & 0xffff0000) | 0x8000;
                memcpy(&x[i], &bits, sizeof bits);
            }
            check->ref->round_bf16(x, n, want);
            check->test->round_bf16(x, n, got);
            dtype_to_f32(DTYPE_BF16, want, n, want_f32);
            dtype_to_f32(DTYPE_BF16, got, n, got_f32);
            check_same(check, got_f32, want_f32, n, "n = %ld, data %d", (long)n, data);
            for (int64_t i = 0; i < n; i++)
                if (fabsf(x[i]) < 3e38F)
                    check_near(check, got_f32[i], x[i], fabs((double)x[i]) * 0x1p-8 + 0x1p-126);
            check_done(check);
        }
}

/* ---- rows of weights ---- */

static void trial_unpack_row(struct check *check, const struct weight *w, int layout) {
    for (int64_t row = 0; row < w->rows; row += 3) {
        float *want = check_output(check, w->cols * 4), *got = check_output(check, w->cols * 4);
        check->ref->unpack_row(w, row, want);
        check->test->unpack_row(w, row, got);
        check_same(check, got, want, w->cols, "%s, layout %d, [%ld, %ld] row %ld", dtype_name(w->dtype),
                   layout, (long)w->rows, (long)w->cols, (long)row);
    }
}

void check_unpack_row(struct check *check) {
    each_weight(check, trial_unpack_row);
}

/* What rounding to Q8_0 may change: half a code, and the scale's rounding to f16 for each code. */
static double q8_0_bound(const float *x, int64_t n, int64_t i) {
    double largest = 0;
    for (int64_t j = i / 32 * 32; j < min_i64(n, i / 32 * 32 + 32); j++)
        largest = fmax(largest, fabs((double)x[j]));
    return largest / 127 * 0.501 + fabs((double)x[i]) * 0x1p-11 + 127 * 0x1p-25;
}

static void trial_pack_row(struct check *check, enum dtype type, enum check_data data, int64_t n) {
    int64_t elements, unit;
    dtype_unit(type, &elements, &unit);
    int64_t whole = round_up(n, elements), size = whole / elements * unit;
    float *x = check_input(check, n * 4), *want_values = check_output(check, whole * 4),
          *got_values = check_output(check, whole * 4);
    void *want = check_output(check, size), *got = check_output(check, size);
    check_fill(check, data, x, n);
    check->ref->pack_row(type, x, n, want);
    check->test->pack_row(type, x, n, got);
    dtype_to_f32(type, want, whole, want_values);
    dtype_to_f32(type, got, whole, got_values);
    check_same(check, got_values, want_values, whole, "%s, n = %ld, data %d", dtype_name(type), (long)n,
               data);
    double most = type == DTYPE_F16 ? 65504.0 : type == DTYPE_Q8_0 ? 8e6 : 3e38;
    for (int64_t i = 0; i < n; i++) {
        double size_of = fabs((double)x[i]), bound = type == DTYPE_F16    ? size_of * 0x1p-11 + 0x1p-25
                                                     : type == DTYPE_BF16 ? size_of * 0x1p-8 + 0x1p-126
                                                     : type == DTYPE_Q8_0 ? q8_0_bound(x, n, i)
                                                                          : 0;
        if (size_of < most && isfinite(got_values[i])) check_near(check, got_values[i], x[i], bound);
    }
    check_done(check);
}

void check_pack_row(struct check *check) {
    static const enum dtype types[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_Q8_0 };
    for (int type = 0; type < 4; type++)
        for (int data = 0; data < DATA_COUNT; data++)
            for (int64_t n = 0; n < 70; n++) trial_pack_row(check, types[type], (enum check_data)data, n);
}
