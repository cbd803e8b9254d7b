/*
 * f16 to f32 and back, in line: for loops that a compiler is to make vectors of, and for blocks/, whose
 * scales are f16. f16_to_f32 and f16_from_f32 (dtype.h) are these functions; dtype_float.c draws the format.
 */
#ifndef TENSOR_HALF_H
#define TENSOR_HALF_H

#include <stdint.h>
#include <string.h>

static inline float half_value(uint32_t bits) {
    uint32_t sign = (bits & 0x8000) << 16, magnitude = bits & 0x7fff;
    uint32_t is_small = 0u - ((magnitude - 0x0400) >> 31), is_special = 0u - ((0x7bff - magnitude) >> 31);
    uint32_t normal = (magnitude << 13) + ((127u - 15) << 23), raised = 0x38800000 | magnitude << 13, small;
    /* (1 + m/1024) 2^-14 - 2^-14 = m 2^-24: exact, and never a denormal */
    float value;
    memcpy(&value, &raised, sizeof value);
    value -= 0x1p-14f;
    memcpy(&small, &value, sizeof small);
    /* masks, not branches: loops vectorise */
    bits = sign | (normal & ~is_small) | (small & is_small) | (is_special & 0x7f800000);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* value / 2^shift to the nearest integer, ties to even; 0 < shift. */
static inline uint64_t shift_round(uint64_t value, int shift) {
    if (shift > 63) return 0;
    uint64_t kept = value >> shift, rest = value & ((1ull << shift) - 1), half = 1ull << (shift - 1);
    return kept + (rest > half || (rest == half && kept % 2 == 1));
}

static inline uint16_t half_bits(float value) {
    uint32_t bits, result;
    memcpy(&bits, &value, sizeof bits);
    uint32_t magnitude = bits & 0x7fffffff;
    int exponent = (int)(magnitude >> 23);
    if (magnitude > 0x7f800000)
        result = 0x7e00 | (magnitude >> 13 & 0x03ff);
    else if (magnitude >= 0x47800000)
        result = 0x7c00; /* 65536 */
    else if (exponent >= 113)
        result = (uint32_t)shift_round(magnitude - (112u << 23), 13);
    else if (exponent == 0)
        result = 0;
    else
        result = (uint32_t)shift_round((magnitude & 0x7fffff) | 0x800000, 126 - exponent);
    return (uint16_t)((bits >> 16 & 0x8000) | result);
}

#endif
