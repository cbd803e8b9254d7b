/*
 * Block formats against the gguf package (tests/golden/blocks, made by tools/golden/make_blocks.py): every
 * decoder to the bit, the encoders of the simple formats byte by byte; those of Q4_K and Q6_K by their error.
 */
#include "tensor/blocks/blocks.h"

#include "base/fpu.h"
#include "base/random.h"
#include "tensor/blocks/formats.h"
#include "test.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

enum { FILE_MAX = 1 << 17 };

struct golden_blocks {
    unsigned char file[FILE_MAX];
    uint32_t decoded, encoded;
    const unsigned char *blocks, *codes;
    float *values, *inputs;
};

static float *floats(const unsigned char *at, size_t count) {
    float *out = malloc(count * 4 + 1);
    memcpy(out, at, count * 4);
    return out;
}

static void golden_blocks_open(struct golden_blocks *g, const struct block_format *format) {
    char name[64], path[TEST_PATH_MAX];
    snprintf(name, sizeof name, "tests/golden/blocks/%s.bin", dtype_name(format->dtype));
    for (char *c = name + 20; *c; c++) *c = (char)tolower(*c);
    test_source(path, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(g->file, 1, FILE_MAX, file), numbers;
    fclose(file);
    memcpy(&g->decoded, g->file, 4);
    memcpy(&g->encoded, g->file + 4, 4);
    numbers = g->decoded * (size_t)format->elements;
    g->blocks = g->file + 8;
    const unsigned char *at = g->blocks + g->decoded * (size_t)format->bytes;
    g->values = floats(at, numbers);
    at += numbers * 4;
    numbers = g->encoded * (size_t)format->elements;
    g->inputs = floats(at, numbers);
    g->codes = at + numbers * 4;
    assert_int_equal(g->codes + g->encoded * (size_t)format->bytes - g->file, size);
}

static void golden_blocks_close(struct golden_blocks *g) {
    free(g->values);
    free(g->inputs);
}

static bool same(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void assert_decodes(const struct block_format *format, const struct golden_blocks *g) {
    float out[256];
    for (uint32_t i = 0; i < g->decoded; i++) {
        const unsigned char *block = g->blocks + (size_t)format->bytes * i;
        const float *want = g->values + (size_t)format->elements * i;
        format->decode(block, out);
        for (int j = 0; j < format->elements; j++) {
            if (same(out[j], want[j]) && same(dtype_get(format->dtype, block, j), want[j])) continue;
            fail_msg("%s, block %u: element %d is %a, should be %a", dtype_name(format->dtype), i, j,
                     (double)out[j], (double)want[j]);
        }
    }
}

static void assert_encodes(const struct block_format *format, const struct golden_blocks *g) {
    unsigned char out[256];
    for (uint32_t i = 0; i < g->encoded; i++) {
        const unsigned char *want = g->codes + (size_t)format->bytes * i;
        format->encode(g->inputs + (size_t)format->elements * i, out);
        for (int b = 0; b < format->bytes; b++)
            if (out[b] != want[b])
                fail_msg("%s, row %u: byte %d is %d, should be %d", dtype_name(format->dtype), i, b, out[b],
                         want[b]);
    }
}

TEST(block_formats_agree_with_the_gguf_package) {
    static struct golden_blocks g;
    for (int d = DTYPE_PLAIN_COUNT; d < DTYPE_COUNT; d++) {
        const struct block_format *format = block_format_of((enum dtype)d);
        golden_blocks_open(&g, format);
        assert_true(g.decoded > 0);
        assert_true(g.encoded == 0 || format->encode);
        assert_decodes(format, &g);
        assert_encodes(format, &g);
        unsigned former = fpu_flush_denormals(); /* as all workers do */
        assert_decodes(format, &g);
        fpu_restore(former);
        golden_blocks_close(&g);
    }
    assert_null(block_format_of(DTYPE_F32));
    assert_null(block_format_of(DTYPE_COUNT));
}

/* No fault of arithmetic (the sanitizers see to that), and zeros stay zeros. */
TEST(encoders_take_whatever_comes) {
    static const float awkward[] = { 0,      -0.0f, 1,      -1,       0x1p-149f, -0x1p-130f,
                                     1e-30f, 3e38f, -3e38f, INFINITY, NAN };
    struct random random = random_seed(7);
    float in[256], out[256];
    unsigned char block[256];
    for (int d = DTYPE_PLAIN_COUNT; d < DTYPE_COUNT; d++) {
        const struct block_format *format = block_format_of((enum dtype)d);
        if (!format->encode) continue;
        for (int round = 0; round < 300; round++) {
            uint64_t kinds =
                1 + (uint64_t)round % (sizeof awkward / sizeof *awkward); /* all equal, then more */
            for (int j = 0; j < format->elements; j++)
                in[j] = round % 3 ? awkward[random_below(&random, kinds)] : awkward[kinds - 1];
            format->encode(in, block);
            format->decode(block, out);
            bool zeros = true;
            for (int j = 0; j < format->elements; j++) zeros = zeros && in[j] == 0;
            for (int j = 0; zeros && j < format->elements; j++) assert_true(out[j] == 0);
        }
    }
}

/* ---- Q4_K and Q6_K, which are ours to choose ---- */

/* The plain way, without a search: the group's range (Q4_K) or its largest magnitude (Q6_K) decides. */
static void min_max(const float *in, int group, bool with_min, float *out) {
    float scales[16], leasts[16], scale_most = 0, least_most = 0;
    int groups = 256 / group, code_most = with_min ? 63 : 127;
    for (int t = 0; t < groups; t++) {
        float low, high;
        block_range(in + group * t, group, &low, &high);
        scales[t] = with_min ? (high - fminf(low, 0)) / 15 : fmaxf(high, -low) / 31;
        leasts[t] = with_min ? -fminf(low, 0) : 0;
        scale_most = fmaxf(scale_most, scales[t]);
        least_most = fmaxf(least_most, leasts[t]);
    }
    float d = f16_to_f32(f16_from_f32(scale_most / (float)code_most)),
          dmin = f16_to_f32(f16_from_f32(least_most / 63));
    for (int j = 0; j < 256; j++) {
        float scale = d * roundf(scales[j / group] * block_inverse(d)),
              least = dmin * roundf(leasts[j / group] * block_inverse(dmin));
        int code =
            block_nearest((in[j] + least) * block_inverse(scale), with_min ? 0 : -32, with_min ? 15 : 31);
        out[j] = scale * (float)code - least;
    }
}

static double relative_error(const struct block_format *format, bool plain, int kind) {
    struct random random = random_seed(3);
    double error = 0, power = 0;
    for (int i = 0; i < 400; i++) {
        float in[256], out[256];
        unsigned char block[256];
        for (int j = 0; j < 256; j++) {
            in[j] = (float)random_normal(&random);
            if (kind == 1) in[j] *= in[j] * in[j];                         /* heavy tails */
            if (kind == 2) in[j] = in[j] * 0.1f + 1;                       /* away from zero */
            if (kind == 3) in[j] *= (float)(1 + random_below(&random, 9)); /* mixed */
        }
        if (plain) {
            min_max(in, format->dtype == DTYPE_Q4_K ? 32 : 16, format->dtype == DTYPE_Q4_K, out);
        } else {
            format->encode(in, block);
            format->decode(block, out);
        }
        for (int j = 0; j < 256; j++) {
            error += ((double)out[j] - in[j]) * ((double)out[j] - in[j]);
            power += (double)in[j] * in[j];
        }
    }
    return sqrt(error / power);
}

TEST(k_encoders_beat_min_max) {
    static const char *const kinds[] = { "normal", "heavy tails", "around 1", "mixed" };
    static const enum dtype dtypes[] = { DTYPE_Q4_K, DTYPE_Q6_K };
    for (int d = 0; d < 2; d++)
        for (int kind = 0; kind < 4; kind++) {
            const struct block_format *format = block_format_of(dtypes[d]);
            double ours = relative_error(format, false, kind), plain = relative_error(format, true, kind);
            printf("%s, %-11s  rms error / rms  %.5f, min-max %.5f (%.0f %%)\n", dtype_name(dtypes[d]),
                   kinds[kind], ours, plain, 100 * ours / plain);
            assert_true(ours < plain * 0.99);
        }
}

TEST(rows_of_blocks_are_cut_anywhere) {
    struct random random = random_seed(9);
    unsigned char data[3 * 256];
    float all[3 * 256], part[3 * 256];
    for (int d = DTYPE_PLAIN_COUNT; d < DTYPE_COUNT; d++) {
        enum dtype dtype = (enum dtype)d;
        int64_t elements, unit, bytes;
        dtype_unit(dtype, &elements, &unit);
        assert_true(dtype_bytes(dtype, 3 * elements, &bytes) && bytes == 3 * unit);
        assert_false(dtype_bytes(dtype, 3 * elements - 1, &bytes));
        for (int64_t i = 0; i < bytes; i++) data[i] = (unsigned char)random_u64(&random);
        dtype_to_f32(dtype, data, 3 * elements, all);
        for (int64_t i = 0; i < 3 * elements; i++) assert_true(same(dtype_get(dtype, data, i), all[i]));
        dtype_to_f32(dtype, data, elements + 5, part);
        for (int64_t i = 0; i < elements + 5; i++) assert_true(same(part[i], all[i]));
    }
}
