/*
 * Q5_0: 32 numbers of 5 bits under one scale; 22 bytes, 5.5 bits a number.
 *
 *     byte   0   2    6                           21
 *          | d | qh | q0  q1  q2  ...         q15 |  low nibbles       d f16
 *          |   |    | q16 q17 q18 ...         q31 |  high nibbles      qh: bit j is the fifth bit of q_j
 *
 *     x_j = d (q_j - 16)
 *
 * Encoded as the reference does: as Q4_0, with -16 and 16.5.
 */
#ifndef TENSOR_BLOCKS_Q5_0_H
#define TENSOR_BLOCKS_Q5_0_H

#include "tensor/blocks/bits.h"

struct q5_0 {
    unsigned char d[2], qh[4], q[16];
};

static inline void q5_0_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q5_0 *block = (const void *)at;
    float d = block_f16(block->d);
    uint32_t qh = block_u32(block->qh);
    (void)run;
    for (int j = 0; j < 16; j++) {
        int fifth = (int)(qh >> j & 1) << 4;
        out[j] = d * (float)(((block->q[j] & 15) | fifth) - 16);
    }
    for (int j = 0; j < 16; j++) {
        int fifth = (int)(qh >> (16 + j) & 1) << 4;
        out[16 + j] = d * (float)(((block->q[j] >> 4) | fifth) - 16);
    }
}

static inline void q5_0_encode(const float *in, unsigned char *at) {
    struct q5_0 *block = (void *)at;
    float d = block_extreme(in, 32) / -16, inverse = block_inverse(d);
    *block = (struct q5_0){ .qh = { 0 } };
    block_put_f16(block->d, d);
    for (int j = 0; j < 32; j++) {
        int q = block_cut(in[j] * inverse + 16.5f, 31);
        block->q[j % 16] |= (unsigned char)((q & 15) << (j < 16 ? 0 : 4));
        block->qh[j / 8] |= (unsigned char)((q >> 4) << j % 8);
    }
}

#endif
