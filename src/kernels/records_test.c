/*
 * Records hold what the rows held: every type, odd numbers of rows, views of rows and stripes, scales beside.
 */
#include "tensor/records.h"

#include "base/checked.h"
#include "base/random.h"
#include "kernels/random_weight.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

enum { COLS = 512 };

static void *take(void *context, int64_t bytes) {
    (void)context;
    void *memory = malloc((size_t)bytes);
    assert_non_null(memory);
    return memory;
}

static const enum dtype types[] = { DTYPE_F32,    DTYPE_F16,    DTYPE_BF16, DTYPE_F8_E4M3, DTYPE_F8_E5M2,
                                    DTYPE_Q8_0,   DTYPE_Q4_0,   DTYPE_Q4_1, DTYPE_Q5_0,    DTYPE_Q5_1,
                                    DTYPE_Q2_K,   DTYPE_Q3_K,   DTYPE_Q4_K, DTYPE_Q5_K,    DTYPE_Q6_K,
                                    DTYPE_IQ4_NL, DTYPE_IQ4_XS, DTYPE_MXFP4 };
enum { TYPES = sizeof types / sizeof types[0] };

static void same_row(const struct weight *got, const struct weight *want, int64_t got_row, int64_t row,
                     int64_t col, int64_t count) {
    float a[COLS], b[COLS];
    weight_get_row(got, got_row, 0, count, a);
    weight_get_row(want, row, col, count, b);
    assert_same_bits(a, b, (size_t)count);
}

/* In two goes, since a store packs in parts; every byte of exactly those counted is written. */
static struct weight packed(const struct weight *w) {
    int64_t bytes = w->rows * (record_form(w->dtype).bytes * (w->cols / record_form(w->dtype).elements));
    unsigned char *memory = take(NULL, bytes + 1);
    memory[bytes] = 77;
    records_pack(w, 0, records_panels(w) / 2, memory);
    records_pack(w, records_panels(w) / 2, records_panels(w), memory);
    assert_int_equal(memory[bytes], 77);
    return records_weight(w, memory);
}

static void check_parts(const struct weight *records, const struct weight *w, struct random *random) {
    int64_t elements = record_form(w->dtype).elements;
    for (int trial = 0; trial < 6; trial++) {
        int64_t panel = (int64_t)random_below(random, (uint64_t)records_panels(w)) * RECORD,
                k0 = (int64_t)random_below(random, (uint64_t)(w->cols / elements)) * elements,
                kc = 1 + (int64_t)random_below(random, (uint64_t)(w->cols - k0)),
                rows = min_i64(RECORD, w->rows - panel),
                first = (int64_t)random_below(random, (uint64_t)rows);
        unsigned char *room = take(NULL, records_room(w, kc));
        struct weight part = records_rows(records, panel + first, rows - first, k0, kc, room);
        for (int64_t n = 0; n < rows - first; n++) same_row(&part, w, n, panel + first + n, k0, kc);
        struct weight view = weight_rows(records, panel, w->rows - panel);
        same_row(&view, w, first, panel + first, 0, w->cols);
        free(room);
    }
}

TEST(records_hold_what_rows_held) {
    static const int64_t heights[] = { 1, 31, 32, 33, 64, 100 };
    struct random random = random_seed(1);
    for (int t = 0; t < TYPES; t++)
        for (int h = 0; h < 6; h++)
            for (int layout = LAYOUT_DENSE; layout <= LAYOUT_STRIPED; layout++) {
                bool block = dtype_is_block(types[t]);
                struct random_weight_plan plan = { types[t], (enum layout)layout, heights[h], COLS, !block,
                                                   false };
                struct weight w = random_weight(&random, &plan, take, NULL);
                assert_true(records_fit(&w));
                struct weight records = packed(&w);
                assert_int_equal(weight_bytes(&records), weight_bytes(&w));
                for (int64_t n = 0; n < w.rows; n++) same_row(&records, &w, n, n, 0, w.cols);
                assert_true(weight_get(&records, w.rows - 1, 3) == weight_get(&w, w.rows - 1, 3));
                check_parts(&records, &w, &random);
                free((void *)(uintptr_t)records.data);
                free((void *)(uintptr_t)w.data);
                free((void *)(uintptr_t)w.scale);
            }
}

TEST(what_has_no_whole_units_stays_rows) {
    static const unsigned char bytes[4096];
    struct weight odd = weight_matrix(bytes, DTYPE_BF16, 32, 33),
                  f4 = weight_matrix(bytes, DTYPE_F4_E2M1, 32, 64),
                  good = weight_matrix(bytes, DTYPE_BF16, 32, 64), turned = weight_transpose(&good),
                  none = { 0 };
    assert_true(records_fit(&good));
    assert_false(records_fit(&odd) || records_fit(&f4) || records_fit(&turned) || records_fit(&none));
    struct weight records = records_weight(&good, bytes);
    assert_false(records_fit(&records));
}

/* The drawing: where a word of a row stands. */
TEST(words_stand_where_the_drawing_says) {
    unsigned char rows[RECORD][34], record[RECORD * 34];
    for (int n = 0; n < RECORD; n++)
        for (int i = 0; i < 34; i++) rows[n][i] = (unsigned char)(n * 7 + i);
    struct weight w = weight_matrix(rows, DTYPE_Q8_0, RECORD, 32);
    records_pack(&w, 0, 1, record);
    for (int n = 0; n < RECORD; n++) {
        for (int k = 0; k < 32; k++)
            assert_int_equal(record[n / 16 * 512 + k / 4 * 64 + n % 16 * 4 + k % 4], rows[n][2 + k]);
        assert_int_equal(record[1024 + 2 * n], rows[n][0]);
    }
    uint16_t halves[RECORD][32], pairs[16][RECORD][2];
    for (int n = 0; n < RECORD; n++)
        for (int k = 0; k < 32; k++) halves[n][k] = (uint16_t)(n * 100 + k);
    w = weight_matrix(halves, DTYPE_BF16, RECORD, 32);
    records_pack(&w, 0, 1, (unsigned char *)pairs);
    for (int n = 0; n < RECORD; n++)
        for (int k = 0; k < 32; k++) assert_int_equal(pairs[k / 2][n][k % 2], halves[n][k]);
}
