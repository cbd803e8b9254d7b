/*
 * IQ4_NL: 32 codes of 4 bits into a table of 16 levels that lie denser near zero; 18 bytes, 4.5 bits.
 *
 *     byte   0   2                              17
 *          | d | q0  q1  q2  ...            q15 |  low nibbles       d f16
 *          |   | q16 q17 q18 ...            q31 |  high nibbles
 *
 *     x_j = d iq4_levels[q_j]
 *
 * No level is 0 (code 8 is 1), so a zero needs d = 0.
 */
#ifndef TENSOR_BLOCKS_IQ4_NL_H
#define TENSOR_BLOCKS_IQ4_NL_H

#include "tensor/blocks/bits.h"

struct iq4_nl {
    unsigned char d[2], q[16];
};

static const float iq4_levels[16] = {
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
};

/* 16 bytes of nibbles to 32 numbers. */
static inline void iq4_decode(const unsigned char *restrict q, float scale, float *restrict out) {
    for (int j = 0; j < 16; j++) out[j] = scale * iq4_levels[q[j] & 15];
    for (int j = 0; j < 16; j++) out[16 + j] = scale * iq4_levels[q[j] >> 4];
}

static inline void iq4_nl_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct iq4_nl *block = (const void *)at;
    (void)run;
    iq4_decode(block->q, block_f16(block->d), out);
}

#endif
