/*
 * Q2_K: 256 numbers of 2 bits, in 16 groups of 16 with a scale and a minimum each; 84 bytes, 2.625 bits.
 *
 *     byte   0         16      80  82
 *          | sc m x 16 | q[64] | d | dmin |        d, dmin f16; a byte of the first 16: m << 4 | sc
 *
 *     bits of q[i]      7 6     5 4     3 2     1 0
 *     i in [0, 32)    x_96+i  x_64+i  x_32+i    x_i          and the same for 128 on in q[32..63]
 *
 *     x_j = d sc_t q_j - dmin m_t       t = j / 16
 */
#ifndef TENSOR_BLOCKS_Q2_K_H
#define TENSOR_BLOCKS_Q2_K_H

#include "tensor/blocks/bits.h"

struct q2_k {
    unsigned char scales[16], q[64], d[2], dmin[2];
};

static inline void q2_k_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q2_k *block = (const void *)at;
    const unsigned char *q = block->q + 32 * (run / 4);
    float d = block_f16(block->d), dmin = block_f16(block->dmin);
    int shift = 2 * (run % 4);
    for (int half = 0; half < 2; half++) {
        int packed = block->scales[2 * run + half];
        float scale = d * (float)(packed & 15), least = dmin * (float)(packed >> 4);
        for (int j = 16 * half; j < 16 * half + 16; j++) out[j] = scale * (float)(q[j] >> shift & 3) - least;
    }
}

#endif
