/*
 * kernel-check of the tile unit itself: its instructions against the plain C of matmul/tile.h, one product of
 * tiles at a time, whole and partial ones, whatever the thread's rounding and flushing are set to. The plain
 * C is held against float64, and against its own answers under other settings.
 */
#include "base/fpu.h"
#include "kernels/kernel_check.h"

#include <fenv.h>
#include <math.h>
#include <string.h>

typedef void pack_fn(struct check *check, enum check_data data, uint32_t *words, int64_t count);
typedef void near_fn(struct check *check, const struct tile_operands *s, const uint32_t *const operands[3],
                     const uint32_t *got);

static int64_t words_of(int64_t rows, int64_t stride, int64_t width) {
    return (rows - 1) * stride + width;
}

/* The settings that a trial runs under: 0 is what all kernels run under. */
static void set_thread(int settings) {
    fesetround(settings & 1 ? FE_UPWARD : FE_TONEAREST);
    if (settings & 2)
        fpu_restore(0);
    else
        fpu_flush_denormals();
}

static void trial(struct check *check, tile_fn *ref, tile_fn *test, struct tile_operands s,
                  enum check_data data, pack_fn *pack, pack_fn *pack_c, near_fn *near) {
    int64_t count_a = words_of(s.M, s.a_stride, s.K), count_b = words_of(s.K, s.b_stride, s.N),
            count_c = words_of(s.M, s.c_stride, s.N);
    uint32_t *a = check_input(check, 4 * count_a), *b = check_input(check, 4 * count_b),
             *c = check_input(check, 4 * count_c), *want = check_output(check, 4 * count_c),
             *got = check_output(check, 4 * count_c);
    pack(check, data, a, count_a);
    pack(check, data, b, count_b);
    pack_c(check, data, c, count_c);
    memcpy(want, c, (size_t)(4 * count_c));
    memcpy(got, c, (size_t)(4 * count_c));
    int settings = (int)random_below(&check->random, 4);
    ref(&s, a, b, want);
    set_thread(settings);
    test(&s, a, b, got);
    set_thread(0);
    check_same(check, (float *)(void *)got, (float *)(void *)want, count_c,
               "%ld x %ld x %ld, fresh %d, data %d, settings %d", (long)s.M, (long)s.K, (long)s.N, s.fresh,
               data, settings);
    near(check, &s, (const uint32_t *const[]){ a, b, c }, got);
    check_done(check);
}

static int64_t any_size(struct check *check) {
    return random_below(&check->random, 3) ? 1 + (int64_t)random_below(&check->random, 16) : 16;
}

static int64_t any_stride(struct check *check, int64_t width) {
    return random_below(&check->random, 3) ? width + (int64_t)random_below(&check->random, 20) : width;
}

static void check_tile(struct check *check, tile_fn *ref, tile_fn *test, pack_fn *pack, pack_fn *pack_c,
                       near_fn *near) {
    for (int data = 0; data < DATA_COUNT; data++)
        for (int i = 0; i < 200; i++) {
            struct tile_operands s = { .M = any_size(check), .K = any_size(check), .N = any_size(check) };
            s.a_stride = any_stride(check, s.K);
            s.b_stride = any_stride(check, s.N);
            s.c_stride = any_stride(check, s.N);
            s.fresh = random_below(&check->random, 2);
            trial(check, ref, test, s, (enum check_data)data, pack, pack_c, near);
        }
}

/* ---- bf16 ---- */

static void pack_f32(struct check *check, enum check_data data, uint32_t *words, int64_t count) {
    check_fill(check, data, (float *)(void *)words, count);
}

static void pack_bf16(struct check *check, enum check_data data, uint32_t *words, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        float pair[2];
        check_fill(check, data, pair, 2);
        words[i] = bf16_from_f32(pair[0]) | (uint32_t)bf16_from_f32(pair[1]) << 16;
        if (data == DATA_TINY && i % 5 == 0) words[i] = (uint32_t)random_u64(&check->random) & 0x807f807f;
    }
}

static double half_of(uint32_t word, int half) {
    return (double)bf16_to_f32((uint16_t)(word >> 16 * half));
}

static void near_bf16(struct check *check, const struct tile_operands *s, const uint32_t *const operands[3],
                      const uint32_t *got) {
    for (int64_t i = 0; i < s->M * s->N; i += 3) {
        int64_t m = i / s->N, n = i % s->N, at = m * s->c_stride + n;
        float c, result;
        memcpy(&c, operands[2] + at, sizeof c);
        memcpy(&result, got + at, sizeof result);
        double exact = s->fresh ? 0 : (double)c, magnitudes = fabs(exact);
        for (int64_t k = 0; k < s->K; k++)
            for (int half = 0; half < 2; half++) {
                double product = half_of(operands[0][m * s->a_stride + k], half) *
                                 half_of(operands[1][k * s->b_stride + n], half);
                exact += product;
                magnitudes += fabs(product);
            }
        if (isfinite(result)) /* 16 roundings and two more, and what is flushed */
            check_near(check, result, exact, 20 * (magnitudes * 0x1p-24 + 0x1p-126) + magnitudes * 0x1p-40);
    }
}

void check_tile_bf16(struct check *check) {
    check_tile(check, check->ref->tile_bf16, check->test->tile_bf16, pack_bf16, pack_f32, near_bf16);
}

/* ---- int8 ---- */

static void pack_int8(struct check *check, enum check_data data, uint32_t *words, int64_t count) {
    for (int64_t i = 0; i < count; i++) {
        uint64_t bits = random_u64(&check->random);
        words[i] = (uint32_t)bits;
        if (data == DATA_ZERO) words[i] = 0;
        if (data == DATA_HUGE) words[i] = bits & 1 ? 0x80808080 : 0x7f7f7f7f;
        if (data == DATA_EQUAL) words[i] &= 0x01ff01ff;
    }
}

static int64_t byte_of(uint32_t word, int64_t i) {
    return (int8_t)(word >> 8 * i);
}

static void near_int8(struct check *check, const struct tile_operands *s, const uint32_t *const operands[3],
                      const uint32_t *got) {
    for (int64_t i = 0; i < s->M * s->N; i++) {
        int64_t m = i / s->N, n = i % s->N, at = m * s->c_stride + n, sum = s->fresh ? 0 : operands[2][at];
        for (int64_t k = 0; k < 4 * s->K; k++)
            sum += byte_of(operands[0][m * s->a_stride + k / 4], k % 4) *
                   byte_of(operands[1][k / 4 * s->b_stride + n], k % 4);
        check_near(check, got[at], (uint32_t)sum, 0.5);
    }
}

void check_tile_int8(struct check *check) {
    check_tile(check, check->ref->tile_int8, check->test->tile_int8, pack_int8, pack_int8, near_int8);
}

/* ---- speed: with configuring and releasing, which no kernel does so often ---- */

struct tile_bench {
    tile_fn *once;
    struct tile_operands shape;
    uint32_t a[256], b[256], c[256];
};

static void tile_once(void *argument) {
    struct tile_bench *bench = argument;
    bench->once(&bench->shape, bench->a, bench->b, bench->c);
}

static void bench_tile(struct check *check, tile_fn *once, pack_fn *pack, double operations) {
    struct tile_bench bench = { .once = once, .shape = { 16, 16, 16, 16, 16, 16, true } };
    pack(check, DATA_NORMAL, bench.a, 256);
    pack(check, DATA_NORMAL, bench.b, 256);
    check_rate(check, "16 x 16 words x 16, one", operations, check_seconds(tile_once, &bench), "GOP/s", 0);
}

void bench_tile_bf16(struct check *check) {
    bench_tile(check, check->test->tile_bf16, pack_bf16, 2 * 16 * 32 * 16);
}

void bench_tile_int8(struct check *check) {
    bench_tile(check, check->test->tile_int8, pack_int8, 2 * 16 * 64 * 16);
}
