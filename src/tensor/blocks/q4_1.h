/*
 * Q4_1: 32 numbers of 4 bits between a minimum and a maximum; 20 bytes, 5 bits a number.
 *
 *     byte   0   2   4                            19
 *          | d | m | q0  q1  q2  ...          q15 |  low nibbles       d, m f16
 *          |   |   | q16 q17 q18 ...          q31 |  high nibbles
 *
 *     x_j = d q_j + m
 *
 * Encoded as the reference does: m = min x, d = (max x - min x) / 15, q = (x - m) / d + 0.5 cut to an
 * integer.
 */
#ifndef TENSOR_BLOCKS_Q4_1_H
#define TENSOR_BLOCKS_Q4_1_H

#include "tensor/blocks/bits.h"

struct q4_1 {
    unsigned char d[2], m[2], q[16];
};

static inline void q4_1_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q4_1 *block = (const void *)at;
    float d = block_f16(block->d), m = block_f16(block->m);
    (void)run;
    for (int j = 0; j < 16; j++) out[j] = d * (float)(block->q[j] & 15) + m;
    for (int j = 0; j < 16; j++) out[16 + j] = d * (float)(block->q[j] >> 4) + m;
}

static inline void q4_1_encode(const float *in, unsigned char *at) {
    struct q4_1 *block = (void *)at;
    float least, most;
    block_range(in, 32, &least, &most);
    float d = (most - least) / 15, inverse = block_inverse(d);
    block_put_f16(block->d, d);
    block_put_f16(block->m, least);
    for (int j = 0; j < 16; j++) {
        int low = block_cut((in[j] - least) * inverse + 0.5f, 15),
            high = block_cut((in[16 + j] - least) * inverse + 0.5f, 15);
        block->q[j] = (unsigned char)(low | high << 4);
    }
}

#endif
