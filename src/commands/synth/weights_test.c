#include "commands/synth/weights.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT (3 * SYNTH_BLOCK + 100)

static struct synth_tensor matrix(enum synth_fill fill, enum dtype dtype, int64_t cols) {
    return (struct synth_tensor){
        .fill = fill,
        .dtype = dtype,
        .elements = COUNT,
        .key = 77,
        .std = 0.25,
        .cols = cols,
        .scale_rows = 128,
        .scale_cols = 128,
    };
}

TEST(any_part_of_a_tensor_can_be_made_alone) {
    struct synth_tensor tensor = matrix(SYNTH_NORMAL, DTYPE_F32, 64);
    float *whole = calloc(COUNT, sizeof *whole), *part = calloc(COUNT, sizeof *part);
    synth_fill(&tensor, 0, COUNT, whole);
    synth_fill(&tensor, 2 * SYNTH_BLOCK, SYNTH_BLOCK + 100, part);
    assert_same_bits(part, whole + 2 * SYNTH_BLOCK, SYNTH_BLOCK + 100);
    tensor.key++;
    synth_fill(&tensor, 0, 16, part);
    assert_true(memcmp(part, whole, 16 * sizeof *part) != 0);
    free(whole);
    free(part);
}

TEST(weights_have_the_mean_and_spread_asked_for) {
    struct synth_tensor tensor = matrix(SYNTH_NORMAL, DTYPE_F32, 64);
    tensor.mean = 1;
    float *whole = calloc(COUNT, sizeof *whole);
    synth_fill(&tensor, 0, COUNT, whole);
    double sum = 0, squares = 0;
    for (int i = 0; i < COUNT; i++) {
        sum += (double)whole[i] - 1;
        squares += ((double)whole[i] - 1) * ((double)whole[i] - 1);
    }
    assert_true(fabs(sum / COUNT) < 0.01);
    assert_true(fabs(sqrt(squares / COUNT) - 0.25) < 0.01);
    free(whole);
}

TEST(float8_matrices_fit_under_their_scales) {
    enum { COLS = 200 };
    struct synth_tensor tensor = matrix(SYNTH_F8, DTYPE_F8_E4M3, COLS);
    struct synth_tensor scales = matrix(SYNTH_F8_SCALES, DTYPE_F32, COLS);
    struct synth_tensor plain = matrix(SYNTH_NORMAL, DTYPE_F32, COLS);
    uint8_t *codes = calloc(COUNT, 1);
    float *want = calloc(COUNT, sizeof *want), scale[4];
    synth_fill(&tensor, 0, COUNT, codes);
    synth_fill(&plain, 0, COUNT, want);
    synth_fill(&scales, 0, 4, scale);
    for (int i = 0; i < COUNT; i++) {
        int row = i / COLS, block = row / 128 * 2 + i % COLS / 128;
        assert_true((codes[i] & 0x7f) < 0x7e); /* below 448: nothing was clamped */
        if (row >= 256) continue;
        float got = f8_e4m3_to_f32(codes[i]) * scale[block];
        assert_true(fabs((double)got - (double)want[i]) <= fabs((double)want[i]) / 15 + 1e-3 * 0.25);
    }
    free(codes);
    free(want);
}

TEST(nibbles_use_all_of_their_codes) {
    struct synth_tensor tensor = matrix(SYNTH_MX_BLOCKS, DTYPE_U8, 64);
    uint8_t *codes = calloc(COUNT, 1);
    int seen[16] = { 0 };
    synth_fill(&tensor, 0, COUNT, codes);
    for (int i = 0; i < COUNT; i++) {
        seen[codes[i] & 15]++;
        seen[codes[i] >> 4]++;
    }
    for (int code = 0; code < 16; code++) assert_true(code == 8 || seen[code] > 0); /* 8: minus zero */
    free(codes);
}
