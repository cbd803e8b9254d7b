/*
 * What encoders cannot hold is noticed, and what they hold as well as they can is not blamed.
 */
#include "base/random.h"
#include "tensor/held.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const enum dtype types[] = {
    DTYPE_F32,  DTYPE_BF16, DTYPE_F16,  DTYPE_F8_E4M3, DTYPE_Q8_0, DTYPE_Q4_0,
    DTYPE_Q4_1, DTYPE_Q5_0, DTYPE_Q5_1, DTYPE_Q4_K,    DTYPE_Q6_K, DTYPE_MXFP4
};
enum { TYPES = sizeof types / sizeof types[0], COUNT = 1024, KINDS = 10 };

/* One number of distributions that are hard for somebody. */
static float number(struct random *random, int kind, int i, float size) {
    float n = (float)random_normal(random);
    switch (kind) {
    case 0: return size * n;
    case 1: return size * n * n * n;
    case 2: return size * (1 + 0.01f * n);
    case 3: return size * -(1 + 0.3f * fabsf(n));
    case 4: return i % 32 == 5 ? size : 0;
    case 5: return i % 32 == 5 ? -size : size * 0.01f * n;
    case 6: return i % 2 ? size : -size;
    case 7: return size * (float)pow(10, -6 * random_unit(random)) * (n < 0 ? -1 : 1);
    case 8: return i % 256 < 32 ? size * n : 1e-4f * size * n;
    default: return i % 256 < 16 ? size * (3 + n) : i % 64 < 32 ? -0.1f * size : 0.02f * size * n;
    }
}

static enum held_fate fate_of(enum dtype dtype, const float *in, float *value) {
    static unsigned char bytes[8 * COUNT];
    static float scratch[COUNT];
    struct held held = { .fate = HELD };
    dtype_from_f32(dtype, in, COUNT, bytes);
    held_row(&held, dtype, in, bytes, COUNT, 0, scratch);
    return held_verdict(&held, value);
}

static float worst_of(enum dtype dtype, const float *in) {
    static unsigned char bytes[8 * COUNT];
    static float out[COUNT];
    int64_t unit, unit_bytes;
    float worst = 0;
    dtype_unit(dtype, &unit, &unit_bytes);
    dtype_from_f32(dtype, in, COUNT, bytes);
    dtype_to_f32(dtype, bytes, COUNT, out);
    for (int64_t i = 0; i < COUNT; i += unit) {
        float most = 0, off = 0;
        for (int64_t j = i; j < i + unit; j++) {
            most = fmaxf(most, fabsf(in[j]));
            off = fmaxf(off, fabsf(in[j] - out[j]));
        }
        if (most > 0) worst = fmaxf(worst, off / most);
    }
    return worst;
}

TEST(ordinary_errors_are_not_blamed) {
    float in[COUNT], value;
    for (int t = 0; t < TYPES; t++) {
        float worst = 0;
        struct random random = random_seed(7);
        for (int round = 0; round < 400; round++) {
            int kind = round % KINDS;
            float size = dtype_bits(types[t]) == 8 ? 30 : powf(10, (float)(round % 7) - 3);
            for (int i = 0; i < COUNT; i++) in[i] = number(&random, kind, i, size);
            if (types[t] == DTYPE_F8_E4M3)
                for (int i = 0; i < COUNT; i++) in[i] = fmaxf(-440, fminf(in[i], 440));
            if (size >= 1) worst = fmaxf(worst, worst_of(types[t], in));
            if (fate_of(types[t], in, &value) != HELD)
                fail_msg("%s, numbers of kind %d and size %g: %g is blamed", dtype_name(types[t]), kind,
                         (double)size, (double)value);
        }
        printf("%-8s at most %.5f of the largest\n", dtype_name(types[t]), (double)worst);
    }
}

static void ordinary(float *in) {
    struct random random = random_seed(3);
    for (int i = 0; i < COUNT; i++) in[i] = (float)random_normal(&random);
}

TEST(what_no_scale_can_be_is_beyond) {
    float in[COUNT], value;
    for (int t = 0; t < TYPES; t++) {
        if (types[t] == DTYPE_F32) continue;
        for (int sign = -1; sign <= 1; sign += 2) {
            float limit = held_limit(types[t], (float)sign);
            assert_true(limit * (float)sign > 0);
            ordinary(in);
            in[300] = limit;
            if (fate_of(types[t], in, &value) != HELD)
                fail_msg("%s: %g is blamed", dtype_name(types[t]), (double)value);
            in[300] = limit < 1e37f && limit > -1e37f ? 1.5f * limit : (float)sign * FLT_MAX;
            if (types[t] == DTYPE_MXFP4) continue; /* its range is F32's, but for an ordinary error */
            if (fate_of(types[t], in, &value) != HELD_BEYOND)
                fail_msg("%s: %g passes", dtype_name(types[t]), (double)in[300]);
            assert_true(value == in[300]);
        }
    }
}

TEST(nan_and_infinity_become_no_numbers) {
    float in[COUNT], value;
    for (int t = 0; t < TYPES; t++) {
        for (int at = 0; at < COUNT; at += 333) {
            ordinary(in);
            in[at] = NAN;
            assert_int_equal(fate_of(types[t], in, &value), HELD_NAN);
            in[at] = -INFINITY;
            assert_int_equal(fate_of(types[t], in, &value), HELD_INFINITE);
            assert_true(value < 0);
        }
    }
}

/* A vector may rule something out by an infinity, where its type has one. */
TEST(infinity_is_a_number_where_asked_for) {
    float in[32] = { [3] = -INFINITY }, scratch[32];
    unsigned char bytes[128];
    for (int t = 0; t < TYPES; t++) {
        struct held held = { .infinities = true };
        bool has = types[t] == DTYPE_F32 || types[t] == DTYPE_BF16 || types[t] == DTYPE_F16;
        if (types[t] == DTYPE_Q4_K || types[t] == DTYPE_Q6_K) continue;
        dtype_from_f32(types[t], in, 32, bytes);
        held_row(&held, types[t], in, bytes, 32, 0, scratch);
        assert_int_equal(held.fate, has ? HELD : HELD_INFINITE);
    }
}

TEST(a_tensor_of_numbers_too_small_is_lost) {
    float in[COUNT], value;
    ordinary(in);
    for (int i = 0; i < COUNT; i++) in[i] *= 1e-12f;
    for (int t = 0; t < TYPES; t++) {
        bool wide = types[t] == DTYPE_F32 || types[t] == DTYPE_BF16 || types[t] == DTYPE_MXFP4;
        in[7] = 4e-12f;
        assert_int_equal(fate_of(types[t], in, &value), wide ? HELD : HELD_LOST);
        if (!wide) assert_true(value == in[7]);
        in[7] = 1; /* beside this the others are as good as zero */
        assert_int_equal(fate_of(types[t], in, &value), HELD);
    }
    for (int i = 0; i < COUNT; i++) in[i] = 0;
    for (int t = 0; t < TYPES; t++) assert_int_equal(fate_of(types[t], in, &value), HELD);
}

/* Rows come to threads in any order; what is said is the first. */
TEST(the_first_row_counts) {
    float in[32] = { 1, NAN }, good[32] = { 2 }, scratch[32], value;
    unsigned char bytes[128];
    struct held one = { .fate = HELD }, other = one, all = one;
    dtype_from_f32(DTYPE_BF16, in, 32, bytes);
    held_copy(&one, DTYPE_BF16, bytes, 32, 9, scratch);
    held_copy(&one, DTYPE_BF16, bytes, 32, 5, scratch);
    held_copy(&one, DTYPE_BF16, bytes, 32, 7, scratch);
    dtype_from_f32(DTYPE_BF16, good, 32, bytes);
    held_row(&other, DTYPE_BF16, good, bytes, 32, 0, scratch);
    held_join(&all, &other);
    assert_int_equal(held_verdict(&all, &value), HELD);
    assert_true(all.most == 2);
    held_join(&all, &one);
    assert_int_equal(held_verdict(&all, &value), HELD_NAN);
    assert_int_equal(all.row, 5);
}
