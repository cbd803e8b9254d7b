/*
 * Element types: every code of the small types against its formula, every rounding tie of the ones that are
 * written.
 */
#include "tensor/dtype.h"

#include "base/fpu.h"
#include "test.h"

#include <math.h>
#include <string.h>

static uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void assert_bits(float got, double want, int code) {
    if (isnan(want) ? isnan(got) : bits_of(got) == bits_of((float)want)) return;
    fail_msg("code 0x%x is %a, should be %a", (unsigned)code, (double)got, want);
}

/* The formula of dtype_float.c's table for s1 e? m?; `specials`: exponent all ones is infinity and NaN. */
static double small_float(int code, int exponent_bits, int mantissa_bits, int bias, bool specials) {
    int mantissa = code & ((1 << mantissa_bits) - 1);
    int exponent = code >> mantissa_bits & ((1 << exponent_bits) - 1);
    double sign = code >> (mantissa_bits + exponent_bits) & 1 ? -1 : 1, unit = 1 << mantissa_bits;
    if (specials && exponent == (1 << exponent_bits) - 1) return mantissa == 0 ? sign * INFINITY : NAN;
    if (exponent == 0) return sign * ldexp(mantissa / unit, 1 - bias);
    return sign * ldexp(1 + mantissa / unit, exponent - bias);
}

static double e4m3(int code) {
    return (code & 0x7f) == 0x7f ? NAN : small_float(code, 4, 3, 7, false);
}

TEST(dtype_names_and_sizes) {
    for (int i = 0; i < DTYPE_COUNT; i++) {
        enum dtype back = DTYPE_I8;
        bool plain = i < DTYPE_PLAIN_COUNT; /* safetensors knows no blocks */
        assert_true(dtype_from_name(dtype_name((enum dtype)i), &back) == plain);
        assert_int_equal(back, plain ? i : DTYPE_I8);
        assert_true(dtype_is_block((enum dtype)i) != plain);
    }
    assert_string_equal(dtype_name(DTYPE_Q8_0), "Q8_0");
    assert_string_equal(dtype_name(DTYPE_MXFP4), "MXFP4");
    static const char *const unknown[] = { "", "f32", "F32 ", "F8_E4M3FNUZ", "F6_E2M3", "C64", "float32" };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        enum dtype out = DTYPE_I8;
        assert_false(dtype_from_name(unknown[i], &out));
        assert_int_equal(out, DTYPE_I8);
    }
    assert_int_equal(dtype_bits(DTYPE_F4_E2M1), 4);
    assert_int_equal(dtype_bits(DTYPE_Q4_0), 0);
    assert_true(dtype_is_weight(DTYPE_F8_E4M3) && dtype_is_weight(DTYPE_Q3_K) &&
                !dtype_is_weight(DTYPE_F8_E8M0) && !dtype_is_weight(DTYPE_I32));
}

TEST(dtype_bytes_are_checked) {
    int64_t bytes = -7;
    assert_true(dtype_bytes(DTYPE_BF16, 5, &bytes));
    assert_int_equal(bytes, 10);
    assert_true(dtype_bytes(DTYPE_F4_E2M1, 6, &bytes));
    assert_int_equal(bytes, 3);
    assert_true(dtype_bytes(DTYPE_F4_E2M1, INT64_MAX - 1, &bytes));
    assert_true(dtype_bytes(DTYPE_U8, INT64_MAX, &bytes));
    assert_true(dtype_bytes(DTYPE_F64, 0, &bytes));
    assert_int_equal(bytes, 0);
    assert_false(dtype_bytes(DTYPE_F4_E2M1, 5, &bytes));
    assert_false(dtype_bytes(DTYPE_F32, INT64_MAX / 4 + 1, &bytes));
    assert_false(dtype_bytes(DTYPE_U8, -1, &bytes));
    assert_false(dtype_bytes(DTYPE_F4_E2M1, -2, &bytes));
    assert_int_equal(bytes, 0);
}

/* ggml's table of sizes. */
TEST(units_are_those_of_the_formats) {
    static const struct {
        enum dtype dtype;
        int64_t elements, bytes;
    } units[] = {
        { DTYPE_F32, 1, 4 },      { DTYPE_BF16, 1, 2 },     { DTYPE_F4_E2M1, 2, 1 },
        { DTYPE_Q8_0, 32, 34 },   { DTYPE_Q4_0, 32, 18 },   { DTYPE_Q4_1, 32, 20 },
        { DTYPE_Q5_0, 32, 22 },   { DTYPE_Q5_1, 32, 24 },   { DTYPE_Q2_K, 256, 84 },
        { DTYPE_Q3_K, 256, 110 }, { DTYPE_Q4_K, 256, 144 }, { DTYPE_Q5_K, 256, 176 },
        { DTYPE_Q6_K, 256, 210 }, { DTYPE_IQ4_NL, 32, 18 }, { DTYPE_IQ4_XS, 256, 136 },
        { DTYPE_MXFP4, 32, 17 },
    };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int64_t elements, bytes, total;
        dtype_unit(units[i].dtype, &elements, &bytes);
        assert_int_equal(elements, units[i].elements);
        assert_int_equal(bytes, units[i].bytes);
        assert_true(dtype_bytes(units[i].dtype, 6 * elements, &total) && total == 6 * bytes);
        assert_true(elements == 1 || !dtype_bytes(units[i].dtype, 6 * elements - 1, &total));
        assert_false(dtype_bytes(units[i].dtype, -elements, &total));
    }
    int64_t total;
    assert_true(dtype_bytes(DTYPE_Q4_K, INT64_MAX - 255, &total)); /* less than a byte an element */
    assert_false(dtype_bytes(DTYPE_Q8_0, INT64_MAX - 31, &total)); /* more */
}

TEST(small_floats_follow_their_formulas) {
    for (int code = 0; code < 256; code++) {
        assert_bits(f8_e4m3_to_f32((uint8_t)code), e4m3(code), code);
        assert_bits(f8_e5m2_to_f32((uint8_t)code), small_float(code, 5, 2, 15, true), code);
        assert_bits(f8_e8m0_to_f32((uint8_t)code), code == 255 ? NAN : ldexp(1, code - 127), code);
    }
    for (int code = 0; code < 16; code++) {
        assert_bits(f4_e2m1_to_f32((uint8_t)code), small_float(code, 2, 1, 1, false), code);
    }
    assert_true(f8_e4m3_to_f32(0x7e) == 448 && f8_e5m2_to_f32(0x7b) == 57344);
}

TEST(every_f16_and_bf16_round_trips) {
    for (int code = 0; code < 65536; code++) {
        float value = f16_to_f32((uint16_t)code);
        assert_bits(value, small_float(code, 5, 10, 15, true), code);
        bool nan16 = (code & 0x7fff) > 0x7c00, nan_bf16 = (code & 0x7fff) > 0x7f80;
        assert_int_equal(f16_from_f32(value), nan16 ? code | 0x0200 : code);
        assert_int_equal(bits_of(bf16_to_f32((uint16_t)code)), (uint32_t)code << 16);
        assert_int_equal(bf16_from_f32(bf16_to_f32((uint16_t)code)), nan_bf16 ? code | 0x0040 : code);
    }
}

/* Between two neighbouring codes: what lies below the middle goes down, above it up, the middle to the even
 * code. */
static void assert_rounds(unsigned (*encode)(float), double low, double high, int code) {
    float middle = (float)((low + high) / 2);
    unsigned even = (unsigned)(code % 2 == 0 ? code : code + 1);
    assert_int_equal(encode(middle), even);
    assert_int_equal(encode(nextafterf(middle, -INFINITY)), code);
    assert_int_equal(encode(nextafterf(middle, INFINITY)), code + 1);
    assert_int_equal(encode(-middle) & even, even);
}

static unsigned encode_f16(float value) {
    return f16_from_f32(value);
}
static unsigned encode_bf16(float value) {
    return bf16_from_f32(value);
}
static unsigned encode_e4m3(float value) {
    return f8_e4m3_from_f32(value);
}

TEST(encoders_round_to_nearest_even) {
    for (int code = 0; code < 0x7bff; code++) {
        assert_rounds(encode_f16, f16_to_f32((uint16_t)code), f16_to_f32((uint16_t)(code + 1)), code);
    }
    for (int code = 0; code < 0x7f7f; code++) {
        assert_rounds(encode_bf16, bf16_to_f32((uint16_t)code), bf16_to_f32((uint16_t)(code + 1)), code);
    }
    for (int code = 0; code < 0x7e; code++) {
        assert_rounds(encode_e4m3, f8_e4m3_to_f32((uint8_t)code), f8_e4m3_to_f32((uint8_t)(code + 1)), code);
    }
    for (int code = 0; code < 256; code++) {
        int want = (code & 0x7f) == 0x7f ? code & 0xff : code;
        float value = f8_e4m3_to_f32((uint8_t)code);
        assert_int_equal(f8_e4m3_from_f32(value) & 0x7f, want & 0x7f);
        if (!isnan(value)) assert_int_equal(f8_e4m3_from_f32(value), code);
    }
}

TEST(encoders_at_the_ends) {
    assert_int_equal(f16_from_f32(65504), 0x7bff);
    assert_int_equal(f16_from_f32(nextafterf(65520, 0)), 0x7bff);
    assert_int_equal(f16_from_f32(65520), 0x7c00);
    assert_int_equal(f16_from_f32(-65536), 0xfc00);
    assert_int_equal(f16_from_f32(-INFINITY), 0xfc00);
    assert_int_equal(f16_from_f32(0x1p-25f), 0x0000);
    assert_int_equal(f16_from_f32(nextafterf(0x1p-25f, 1)), 0x0001);
    assert_int_equal(f16_from_f32(-0x1p-149f), 0x8000);
    assert_int_equal(f16_from_f32(NAN) & 0x7e00, 0x7e00);
    assert_int_equal(bf16_from_f32(3.4028235e38f), 0x7f80);
    assert_int_equal(bf16_from_f32(float_of(0x7f800001)), 0x7fc0);
    assert_int_equal(bf16_from_f32(float_of(0xffffffff)), 0xffff);
    assert_int_equal(f8_e4m3_from_f32(448), 0x7e);
    assert_int_equal(f8_e4m3_from_f32(1e30f), 0x7e);
    assert_int_equal(f8_e4m3_from_f32(-INFINITY), 0xfe);
    assert_int_equal(f8_e4m3_from_f32(NAN), 0x7f);
    assert_int_equal(f8_e4m3_from_f32(-NAN), 0xff);
    assert_int_equal(f8_e4m3_from_f32(0x1p-10f), 0);
    assert_int_equal(f8_e4m3_from_f32(-0x1p-149f), 0x80);
}

static const double f64_cases[] = {
    0.0,
    -0.0,
    1.5,
    0x1p-126,
    -0x1p-127,
    0x1.8p-149,
    0x1p-149,
    0x1p-150,
    0x1.000002p-150,
    0x1p-151,
    0x1p-1074,
    0x1.fffffep-127,
    0x1.ffffffp-127,
    -0x1.fffffffp-127,
    1e39,
    -INFINITY,
    0x1.000001p0,
    NAN,
};
enum { F64_CASES = sizeof f64_cases / sizeof *f64_cases };

TEST(f64_rounds_once_to_f32) {
    float got[F64_CASES];
    dtype_to_f32(DTYPE_F64, f64_cases, F64_CASES, got);
    for (int i = 0; i < F64_CASES; i++) {
        volatile double value = f64_cases[i];
        assert_bits(got[i], (float)value, i);
    }
}

/* Threads that flush denormals (all workers do) decode and encode the same bits. */
TEST(flushing_denormals_changes_no_decoder) {
    static float f16_values[65536], all[65536];
    static uint16_t codes[65536], back[65536];
    float f64_before[F64_CASES], f64_after[F64_CASES];
    static double wide_before[65536], wide_after[65536];
    for (int i = 0; i < 65536; i++) codes[i] = (uint16_t)i;
    dtype_to_f32(DTYPE_F16, codes, 65536, f16_values);
    dtype_to_f32(DTYPE_BF16, codes, 65536, all);
    dtype_from_f32(DTYPE_F64, all, 65536, wide_before);
    dtype_to_f32(DTYPE_F64, f64_cases, F64_CASES, f64_before);

    unsigned former = fpu_flush_denormals();
    static float f16_flushed[65536];
    dtype_to_f32(DTYPE_F16, codes, 65536, f16_flushed);
    dtype_from_f32(DTYPE_F16, f16_flushed, 65536, back);
    dtype_from_f32(DTYPE_F64, all, 65536, wide_after);
    dtype_to_f32(DTYPE_F64, f64_cases, F64_CASES, f64_after);
    uint8_t tiny = 0;
    float power = f8_e8m0_to_f32(tiny);
    fpu_restore(former);

    assert_memory_equal(f16_values, f16_flushed, sizeof f16_values);
    assert_memory_equal(f64_before, f64_after, sizeof f64_before);
    assert_int_equal(bits_of(power), 0x00400000);
    for (int i = 0; i < 65536; i++) {
        bool nan = (i & 0x7fff) > 0x7c00;
        assert_int_equal(back[i], nan ? i | 0x0200 : i);
        assert_true(memcmp(&wide_before[i], &wide_after[i], 8) == 0 || isnan(wide_before[i]));
        assert_true(wide_before[i] == (double)all[i] || isnan(all[i]));
    }
}

#define ASSERT_DECODES(dtype, type, ...)                                                                     \
    do {                                                                                                     \
        const type values[] = { __VA_ARGS__ };                                                               \
        enum { COUNT = sizeof values / sizeof *values };                                                     \
        unsigned char at[sizeof values + 1];                                                                 \
        float out[COUNT];                                                                                    \
        memcpy(at + 1, values, sizeof values); /* at an odd address */                                       \
        dtype_to_f32(dtype, at + 1, COUNT, out);                                                             \
        for (int i = 0; i < COUNT; i++) {                                                                    \
            assert_bits(out[i], (float)values[i], i);                                                        \
            assert_bits(dtype_get(dtype, at + 1, i), (float)values[i], i);                                   \
        }                                                                                                    \
    } while (0)

TEST(arrays_of_plain_types_at_odd_addresses) {
    ASSERT_DECODES(DTYPE_F32, float, 0, -0.0f, 1.5f, 0x1p-149f, INFINITY);
    ASSERT_DECODES(DTYPE_F64, double, 0, -0.0, 1.5, 1e300, 0.1);
    ASSERT_DECODES(DTYPE_I8, int8_t, -128, -1, 0, 127);
    ASSERT_DECODES(DTYPE_U8, uint8_t, 0, 1, 255);
    ASSERT_DECODES(DTYPE_I16, int16_t, INT16_MIN, 7, INT16_MAX);
    ASSERT_DECODES(DTYPE_U16, uint16_t, 0, 40000, UINT16_MAX);
    ASSERT_DECODES(DTYPE_I32, int32_t, INT32_MIN, 16777217, INT32_MAX);
    ASSERT_DECODES(DTYPE_U32, uint32_t, 0, 4000000001u, UINT32_MAX);
    ASSERT_DECODES(DTYPE_I64, int64_t, INT64_MIN, -3, INT64_MAX);
    ASSERT_DECODES(DTYPE_U64, uint64_t, 0, 3, UINT64_MAX);
    static const unsigned char truths[] = { 0, 1, 7 };
    float out[3];
    dtype_to_f32(DTYPE_BOOL, truths, 3, out);
    assert_true(out[0] == 0 && out[1] == 1 && out[2] == 1);
}

TEST(arrays_of_small_types_agree_with_scalars) {
    unsigned char codes[512];
    for (int i = 0; i < 512; i++) codes[i] = (unsigned char)(i * 37 >> 1);
    float out[512];
    for (int t = 0; t < DTYPE_PLAIN_COUNT; t++) {
        enum dtype dtype = (enum dtype)t;
        int64_t count = 512 * 8 / dtype_bits(dtype) > 512 ? 511 : 512 * 8 / dtype_bits(dtype);
        dtype_to_f32(dtype, codes, count, out);
        for (int64_t i = 0; i < count; i++) assert_bits(out[i], (double)dtype_get(dtype, codes, i), (int)i);
    }
    dtype_to_f32(DTYPE_F4_E2M1, "\x21\xf8", 4, out); /* the low nibble is the first */
    assert_true(out[0] == 0.5f && out[1] == 1 && out[2] == 0 && signbit(out[2]) && out[3] == -6);
}

TEST(arrays_are_encoded) {
    static const float in[] = { 0, -0.0f, 1, -448, 0.1f, 3e38f, 0x1p-130f, INFINITY, -INFINITY };
    enum { N = sizeof in / sizeof *in };
    unsigned char out[N * 8 + 1];
    static const enum dtype dtypes[] = { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPE_F8_E4M3 };
    for (int t = 0; t < 5; t++) {
        dtype_from_f32(dtypes[t], in, N, out + 1);
        for (int i = 0; i < N; i++) {
            float want = dtypes[t] == DTYPE_F16       ? f16_to_f32(f16_from_f32(in[i]))
                         : dtypes[t] == DTYPE_BF16    ? bf16_to_f32(bf16_from_f32(in[i]))
                         : dtypes[t] == DTYPE_F8_E4M3 ? f8_e4m3_to_f32(f8_e4m3_from_f32(in[i]))
                                                      : in[i];
            assert_bits(dtype_get(dtypes[t], out + 1, i), (double)want, i);
        }
    }
}
