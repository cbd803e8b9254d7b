/*
 * Q5_1: 32 numbers of 5 bits between a minimum and a maximum; 24 bytes, 6 bits a number.
 *
 *     byte   0   2   4    8                       23
 *          | d | m | qh | q0  q1  q2  ...     q15 |  low nibbles       d, m f16
 *          |   |   |    | q16 q17 q18 ...     q31 |  high nibbles      qh: bit j is the fifth bit of q_j
 *
 *     x_j = d q_j + m
 *
 * Encoded as the reference does: as Q4_1, with 31.
 */
#ifndef TENSOR_BLOCKS_Q5_1_H
#define TENSOR_BLOCKS_Q5_1_H

#include "tensor/blocks/bits.h"

struct q5_1 {
    unsigned char d[2], m[2], qh[4], q[16];
};

static inline void q5_1_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q5_1 *block = (const void *)at;
    float d = block_f16(block->d), m = block_f16(block->m);
    uint32_t qh = block_u32(block->qh);
    (void)run;
    for (int j = 0; j < 16; j++) {
        int fifth = (int)(qh >> j & 1) << 4;
        out[j] = d * (float)((block->q[j] & 15) | fifth) + m;
    }
    for (int j = 0; j < 16; j++) {
        int fifth = (int)(qh >> (16 + j) & 1) << 4;
        out[16 + j] = d * (float)((block->q[j] >> 4) | fifth) + m;
    }
}

static inline void q5_1_encode(const float *in, unsigned char *at) {
    struct q5_1 *block = (void *)at;
    float least, most;
    block_range(in, 32, &least, &most);
    float d = (most - least) / 31, inverse = block_inverse(d);
    *block = (struct q5_1){ .qh = { 0 } };
    block_put_f16(block->d, d);
    block_put_f16(block->m, least);
    for (int j = 0; j < 32; j++) {
        int q = block_cut((in[j] - least) * inverse + 0.5f, 31);
        block->q[j % 16] |= (unsigned char)((q & 15) << (j < 16 ? 0 : 4));
        block->qh[j / 8] |= (unsigned char)((q >> 4) << j % 8);
    }
}

#endif
