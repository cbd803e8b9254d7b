/*
 * MXFP4 as GGUF stores it: 32 numbers of E2M1 under a power of two; 17 bytes, 4.25 bits a number.
 *
 *     byte   0   1                              16
 *          | e | q0  q1  q2  ...            q15 |  low nibbles       e: E8M0
 *          |   | q16 q17 q18 ...            q31 |  high nibbles
 *
 *     x_j = 2^(e - 128) mxfp4_levels[q_j]        levels are doubled, so that they are integers; code 8 is +0
 *
 * Safetensors' MXFP4 is another format: there neighbours share a byte, the scales lie in a tensor of their
 * own, code 8 is -0, and e = 255 is NaN (here it is 2^127).
 *
 * Encoded as the reference does: e = floor(log2(max|x|)) - 2 + 127 with the logarithm rounded to f32, and for
 * each number the nearest level, on a tie the lower code.
 */
#ifndef TENSOR_BLOCKS_MXFP4_H
#define TENSOR_BLOCKS_MXFP4_H

#include "tensor/blocks/bits.h"

struct mxfp4 {
    unsigned char e, q[16];
};

static const float mxfp4_levels[16] = { 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12 };

/* e = 0 and 1, where 2^(e - 128) is denormal: as bits, whatever the thread does with denormals. */
static inline float mxfp4_small(int e, int code) {
    static const uint32_t magnitudes[2][8] = {
        { 0, 0x00200000, 0x00400000, 0x00600000, 0x00800000, 0x00c00000, 0x01000000, 0x01400000 },
        { 0, 0x00400000, 0x00800000, 0x00c00000, 0x01000000, 0x01400000, 0x01800000, 0x01c00000 },
    };
    uint32_t bits = magnitudes[e][code & 7] | (code > 8 ? 0x80000000 : 0);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline void mxfp4_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct mxfp4 *block = (const void *)at;
    (void)run;
    if (block->e < 2) {
        for (int j = 0; j < 16; j++) out[j] = mxfp4_small(block->e, block->q[j] & 15);
        for (int j = 0; j < 16; j++) out[16 + j] = mxfp4_small(block->e, block->q[j] >> 4);
        return;
    }
    uint32_t bits = (uint32_t)(block->e - 1) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    for (int j = 0; j < 16; j++) out[j] = scale * mxfp4_levels[block->q[j] & 15];
    for (int j = 0; j < 16; j++) out[16 + j] = scale * mxfp4_levels[block->q[j] >> 4];
}

static inline void mxfp4_encode(const float *in, unsigned char *at) {
    struct mxfp4 *block = (void *)at;
    float most = fabsf(block_extreme(in, 32)), levels[32];
    float exponent = floorf((float)log2((double)most)) - 2 + 127; /* -infinity for zeros */
    /* a block that holds each code once tells the levels */
    block->e = (unsigned char)block_nearest(exponent, 0, 254);
    for (int j = 0; j < 16; j++) block->q[j] = (unsigned char)j;
    mxfp4_decode_run(at, 0, levels);
    for (int half = 0; half < 2; half++)
        for (int j = 0; j < 16; j++) {
            float x = in[16 * half + j];
            int best = 0;
            for (int code = 1; code < 16; code++)
                if (fabsf(levels[code] - x) < fabsf(levels[best] - x)) best = code;
            block->q[j] = (unsigned char)(half ? block->q[j] | best << 4 : best);
        }
}

#endif
