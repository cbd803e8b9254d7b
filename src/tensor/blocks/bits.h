/*
 * What all block formats share: little-endian fields at any address, and numbers cut to codes.
 *
 * Every format is decoded in runs of BLOCK_RUN elements, as <name>_decode_run(block, run, out), in plain
 * loops that a compiler makes vectors of: kernels/unpack/ compiles the very same lines for each level. No
 * value is ever denormal (a scale is an f16, so 2^-24 at least; MXFP4's are bits), and only the formats with
 * a minimum round at all, once, so all levels agree to the bit.
 */
#ifndef TENSOR_BLOCKS_BITS_H
#define TENSOR_BLOCKS_BITS_H

#include "tensor/half.h"

#include <math.h>

enum { BLOCK_RUN = 32 };

static inline uint32_t block_u16(const unsigned char *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t block_u32(const unsigned char *at) {
    return block_u16(at) | block_u16(at + 2) << 16;
}

static inline float block_f16(const unsigned char *at) {
    return half_value(block_u16(at));
}

static inline void block_put_f16(unsigned char *at, float value) {
    uint16_t bits = half_bits(value);
    at[0] = (unsigned char)bits;
    at[1] = (unsigned char)(bits >> 8);
}

/* Cut towards zero, at least 0 and at most `most`; NaN gives 0. */
static inline int block_cut(float value, int most) {
    return !(value > 0) ? 0 : value >= (float)most ? most : (int)value;
}

/* To the nearest integer of [low, high]; NaN gives low. */
static inline int block_nearest(float value, int low, int high) {
    return !(value > (float)low) ? low : value >= (float)high ? high : (int)lrintf(value);
}

/* 1 / scale, and 0 for a block of zeros. */
static inline float block_inverse(float scale) {
    return scale == 0 ? 0 : 1 / scale;
}

/* The first element of largest magnitude, with its sign. */
static inline float block_extreme(const float *in, int count) {
    float extreme = in[0];
    for (int j = 1; j < count; j++)
        if (fabsf(in[j]) > fabsf(extreme)) extreme = in[j];
    return extreme;
}

static inline void block_range(const float *in, int count, float *least, float *most) {
    *least = *most = in[0];
    for (int j = 1; j < count; j++) {
        if (in[j] < *least) *least = in[j];
        if (in[j] > *most) *most = in[j];
    }
}

#endif
