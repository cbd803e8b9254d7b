/*
 * Q8_0: 32 numbers of 8 bits under one scale; 34 bytes, 8.5 bits a number.
 *
 *     byte   0   2                                33
 *          | d | q0 q1 q2 ...                 q31 |      d f16, q int8
 *
 *     x_j = d q_j
 *
 * Encoded as the reference does: d = max|x| / 127, q = x / d rounded half away from zero, by the d that is
 * not yet rounded to f16.
 *
 * Source of all formats here: ggml-org/ggml, src/ggml-quants.c, and its Python package gguf, quants.py.
 */
#ifndef TENSOR_BLOCKS_Q8_0_H
#define TENSOR_BLOCKS_Q8_0_H

#include "tensor/blocks/bits.h"

struct q8_0 {
    unsigned char d[2];
    signed char q[32];
};

static inline void q8_0_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q8_0 *block = (const void *)at;
    float d = block_f16(block->d);
    (void)run;
    for (int j = 0; j < 32; j++) out[j] = d * (float)block->q[j];
}

static inline void q8_0_encode(const float *in, unsigned char *at) {
    struct q8_0 *block = (void *)at;
    float d = fabsf(block_extreme(in, 32)) / 127, inverse = block_inverse(d);
    block_put_f16(block->d, d);
    for (int j = 0; j < 32; j++) {
        float scaled = in[j] * inverse;
        int magnitude = block_cut(fabsf(scaled) + 0.5f, 127);
        block->q[j] = (signed char)(scaled < 0 ? -magnitude : magnitude);
    }
}

#endif
