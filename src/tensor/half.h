/*
 * f16 to f32 in line, for loops that a compiler is to make vectors of. f16_to_f32 is this function.
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

#endif
