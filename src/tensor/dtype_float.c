/*
 * Numbers of every element type to f32 and back: the scalar definitions, then whole arrays.
 *
 *   type     bits       normal                     exponent 0      not finite
 *   f16      s1 e5 m10  (1 + m/1024) 2^(e-15)      m 2^-24         e 31: infinity (m 0), NaN
 *   bf16     s1 e8 m7   the upper half of an f32
 *   E4M3     s1 e4 m3   (1 + m/8) 2^(e-7)          m 2^-9          0x7f, 0xff: NaN; no infinity
 *   E5M2     s1 e5 m2   (1 + m/4) 2^(e-15)         m 2^-16         e 31: infinity (m 0), NaN
 *   E8M0     e8         2^(e-127)                  2^-127          255: NaN
 *   E2M1     s1 e2 m1   (1 + m/2) 2^(e-1)          m / 2           none
 *
 * Everything is done on bits, or in arithmetic whose operands and results are normal, so that a thread that
 * flushes denormals (base/fpu.h) gets the same values.
 *
 * Source: OCP Microscaling formats 1.0 (MX), Micikevicius et al. 2022, arXiv:2209.05433 (FP8), IEEE 754-2019.
 */
#include "tensor/blocks/blocks.h"
#include "tensor/decode.h"
#include "tensor/half.h"

#include <assert.h>
#include <string.h>

static inline uint32_t bits_of(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float float_of(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- 16 bits ---- */

float f16_to_f32(uint16_t bits) {
    return half_value(bits);
}

uint16_t f16_from_f32(float value) {
    return half_bits(value);
}

float bf16_to_f32(uint16_t bits) {
    return float_of((uint32_t)bits << 16);
}

uint16_t bf16_from_f32(float value) {
    uint32_t bits = bits_of(value);
    uint32_t rounded = bits + 0x7fff + (bits >> 16 & 1);
    bool nan = (bits & 0x7fffffff) > 0x7f800000;
    return (uint16_t)((nan ? bits | 0x400000 : rounded) >> 16);
}

/* ---- 8 bits: tables that the compiler works out ---- */

#define TABLE_4(f, c)  f(c), f((c) + 1), f((c) + 2), f((c) + 3)
#define TABLE_16(f, c) TABLE_4(f, c), TABLE_4(f, (c) + 4), TABLE_4(f, (c) + 8), TABLE_4(f, (c) + 12)
#define TABLE_64(f, c) TABLE_16(f, c), TABLE_16(f, (c) + 16), TABLE_16(f, (c) + 32), TABLE_16(f, (c) + 48)
#define TABLE_256(f)   TABLE_64(f, 0), TABLE_64(f, 64), TABLE_64(f, 128), TABLE_64(f, 192)

/* A code of e exponent bits and m mantissa bits in units of its smallest subnormal: exact in f32. */
#define SIGN(c)        ((c)&0x80 ? -1.0f : 1.0f)
#define FIELD(c, m)    (((c)&0x7f) >> (m))
#define FRACTION(c, m) ((c) & ((1 << (m)) - 1))
#define UNITS(c, m)                                                                                          \
    (FIELD(c, m) == 0 ? (float)FRACTION(c, m)                                                                \
                      : (float)(FRACTION(c, m) + (1 << (m))) * (float)(1u << (FIELD(c, m) + 31) % 32))
#define E4M3(c) (((c)&0x7f) == 0x7f ? SIGN(c) * __builtin_nanf("") : SIGN(c) * UNITS(c, 3) * 0x1p-9f)
#define E5M2(c)                                                                                              \
    (FIELD(c, 2) < 31      ? SIGN(c) * UNITS(c, 2) * 0x1p-16f                                                \
     : FRACTION(c, 2) == 0 ? SIGN(c) * __builtin_inff()                                                      \
                           : SIGN(c) * __builtin_nanf(""))

static const float e4m3_values[256] = { TABLE_256(E4M3) };
static const float e5m2_values[256] = { TABLE_256(E5M2) };
static const float e2m1_values[16] = {
    0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0.0f, -0.5f, -1, -1.5f, -2, -3, -4, -6
};

float f8_e4m3_to_f32(uint8_t bits) {
    return e4m3_values[bits];
}

uint8_t f8_e4m3_from_f32(float value) {
    uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffff;
    int exponent = (int)(magnitude >> 23);
    uint32_t result;
    if (magnitude > 0x7f800000)
        result = 0x7f;
    else if (magnitude >= 0x43e00000)
        result = 0x7e; /* 448 */
    else if (exponent >= 121)
        result = (uint32_t)shift_round(magnitude - (120u << 23), 20);
    else if (exponent == 0)
        result = 0;
    else
        result = (uint32_t)shift_round((magnitude & 0x7fffff) | 0x800000, 141 - exponent);
    return (uint8_t)((bits >> 24 & 0x80) | result);
}

float f8_e5m2_to_f32(uint8_t bits) {
    return e5m2_values[bits];
}

float f8_e8m0_to_f32(uint8_t bits) {
    return float_of(bits == 255 ? 0x7fc00000 : bits == 0 ? 0x00400000 : (uint32_t)bits << 23);
}

float f4_e2m1_to_f32(uint8_t code) {
    return e2m1_values[code & 15];
}

/* ---- f64, whatever the thread does with denormals ---- */

static inline float f64_to_f32(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t magnitude = bits & 0x7fffffffffffffffull;
    if (magnitude >= 0x3810000000000000ull) return (float)value; /* from 2^-126 on */

    int exponent = (int)(magnitude >> 52); /* below: units of 2^-149 */
    uint64_t units = 0;
    if (exponent > 0) units = shift_round((magnitude & 0xfffffffffffffull) | 1ull << 52, 926 - exponent);
    return float_of((uint32_t)units | (uint32_t)(bits >> 32 & 0x80000000));
}

static inline double f32_to_f64(float value) {
    uint32_t bits = bits_of(value), magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x00800000) return value;
    double result = (double)magnitude * 0x1p-149; /* a normal f64 */
    return bits >> 31 ? -result : result;
}

/* ---- arrays ---- */

#define LOOP(type, expression)                                                                               \
    for (int64_t i = 0; i < count; i++) {                                                                    \
        type v;                                                                                              \
        memcpy(&v, from + i * stride, sizeof v); /* any alignment */                                         \
        out[i] = (expression);                                                                               \
    }                                                                                                        \
    return

static inline __attribute__((always_inline)) void decode(enum dtype dtype, const unsigned char *from,
                                                         int64_t stride, int64_t count, float *restrict out) {
    switch (dtype) {
    case DTYPE_F32: LOOP(float, v);
    case DTYPE_F16: LOOP(uint16_t, half_value(v));
    case DTYPE_BF16: LOOP(uint16_t, bf16_to_f32(v));
    case DTYPE_F64: LOOP(double, f64_to_f32(v));
    case DTYPE_F8_E4M3: LOOP(uint8_t, e4m3_values[v]);
    case DTYPE_F8_E5M2: LOOP(uint8_t, e5m2_values[v]);
    case DTYPE_F8_E8M0: LOOP(uint8_t, f8_e8m0_to_f32(v));
    case DTYPE_BOOL: LOOP(uint8_t, (float)(v != 0));
    case DTYPE_I8: LOOP(int8_t, (float)v);
    case DTYPE_U8: LOOP(uint8_t, (float)v);
    case DTYPE_I16: LOOP(int16_t, (float)v);
    case DTYPE_U16: LOOP(uint16_t, (float)v);
    case DTYPE_I32: LOOP(int32_t, (float)v);
    case DTYPE_U32: LOOP(uint32_t, (float)v);
    case DTYPE_I64: LOOP(int64_t, (float)v);
    case DTYPE_U64: LOOP(uint64_t, (float)v);
    default: break;
    }
    assert(false && "an element type of whole bytes");
}

void dtype_to_f32_strided(enum dtype dtype, const void *data, int64_t stride, int64_t count, float *out) {
    decode(dtype, data, stride, count, out);
}

void f4_to_f32(const void *data, int64_t first, int64_t count, float *out) {
    const unsigned char *from = data;
    int64_t i = 0;
    if (count > 0 && first % 2 != 0) out[i++] = e2m1_values[from[first / 2] >> 4];
    for (; i + 2 <= count; i += 2) {
        unsigned char pair = from[(first + i) / 2];
        out[i] = e2m1_values[pair & 15];
        out[i + 1] = e2m1_values[pair >> 4];
    }
    if (i < count) out[i] = e2m1_values[from[(first + i) / 2] & 15];
}

void dtype_to_f32(enum dtype dtype, const void *data, int64_t count, float *out) {
    switch (dtype_bits(dtype)) { /* a literal stride, so that the loops vectorise */
    case 0: blocks_to_f32(block_format_of(dtype), data, 0, count, out); break;
    case 4: f4_to_f32(data, 0, count, out); break;
    case 8: decode(dtype, data, 1, count, out); break;
    case 16: decode(dtype, data, 2, count, out); break;
    case 32: decode(dtype, data, 4, count, out); break;
    case 64: decode(dtype, data, 8, count, out); break;
    default: assert(false && "a known size");
    }
}

float dtype_get(enum dtype dtype, const void *data, int64_t index) {
    float value;
    if (dtype_is_block(dtype)) {
        blocks_to_f32(block_format_of(dtype), data, index, 1, &value);
    } else if (dtype == DTYPE_F4_E2M1) {
        f4_to_f32(data, index, 1, &value);
    } else {
        int64_t size = dtype_bits(dtype) / 8;
        decode(dtype, (const unsigned char *)data + index * size, size, 1, &value);
    }
    return value;
}

#define STORE(type, expression)                                                                              \
    for (int64_t i = 0; i < count; i++) {                                                                    \
        type v = (expression);                                                                               \
        memcpy(to + i * (int64_t)sizeof v, &v, sizeof v);                                                    \
    }                                                                                                        \
    return

void dtype_from_f32(enum dtype dtype, const float *in, int64_t count, void *out) {
    unsigned char *restrict to = out;
    if (dtype_is_block(dtype)) {
        blocks_from_f32(block_format_of(dtype), in, count, out);
        return;
    }
    switch (dtype) {
    case DTYPE_F32: STORE(float, in[i]);
    case DTYPE_F16: STORE(uint16_t, f16_from_f32(in[i]));
    case DTYPE_BF16: STORE(uint16_t, bf16_from_f32(in[i]));
    case DTYPE_F64: STORE(double, f32_to_f64(in[i]));
    case DTYPE_F8_E4M3: STORE(uint8_t, f8_e4m3_from_f32(in[i]));
    default: assert(false && "F32, F16, BF16, F64, F8_E4M3 or blocks");
    }
}
