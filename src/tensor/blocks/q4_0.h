/*
 * Q4_0: 32 numbers of 4 bits under one scale; 18 bytes, 4.5 bits a number.
 *
 *     byte   0   2                              17
 *          | d | q0  q1  q2  ...            q15 |  low nibbles       d f16
 *          |   | q16 q17 q18 ...            q31 |  high nibbles
 *
 *     x_j = d (q_j - 8)
 *
 * Encoded as the reference does: d = (the element of largest magnitude) / -8, so that it becomes code 0
 * exactly; q = x / d + 8.5 cut to an integer.
 */
#ifndef TENSOR_BLOCKS_Q4_0_H
#define TENSOR_BLOCKS_Q4_0_H

#include "tensor/blocks/bits.h"

struct q4_0 {
    unsigned char d[2], q[16];
};

static inline void q4_0_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q4_0 *block = (const void *)at;
    float d = block_f16(block->d);
    (void)run;
    for (int j = 0; j < 16; j++) out[j] = d * (float)((block->q[j] & 15) - 8);
    for (int j = 0; j < 16; j++) out[16 + j] = d * (float)((block->q[j] >> 4) - 8);
}

static inline void q4_0_encode(const float *in, unsigned char *at) {
    struct q4_0 *block = (void *)at;
    float d = block_extreme(in, 32) / -8, inverse = block_inverse(d);
    block_put_f16(block->d, d);
    for (int j = 0; j < 16; j++) {
        int low = block_cut(in[j] * inverse + 8.5f, 15), high = block_cut(in[16 + j] * inverse + 8.5f, 15);
        block->q[j] = (unsigned char)(low | high << 4);
    }
}

#endif
