/*
 * Q5_K: Q4_K with a fifth bit for each number; 176 bytes, 5.5 bits.
 *
 *     byte   0   2      4            16       48
 *          | d | dmin | scales[12] | qh[32] | q[128] |     d, dmin f16; scales and q as in Q4_K
 *
 *     bit t of qh[i] is the fifth bit of number 32 t + i
 *
 *     x_j = d sc_t q_j - dmin m_t       t = j / 32
 */
#ifndef TENSOR_BLOCKS_Q5_K_H
#define TENSOR_BLOCKS_Q5_K_H

#include "tensor/blocks/q4_k.h"

struct q5_k {
    unsigned char d[2], dmin[2], scales[12], qh[32], q[128];
};

static inline void q5_k_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q5_k *block = (const void *)at;
    const unsigned char *q = block->q + 32 * (run / 2);
    float scale = block_f16(block->d) * (float)q4_k_scale(block->scales, run),
          least = block_f16(block->dmin) * (float)q4_k_min(block->scales, run);
    int shift = 4 * (run % 2);
    for (int j = 0; j < 32; j++) {
        int fifth = (block->qh[j] >> run & 1) << 4;
        out[j] = scale * (float)((q[j] >> shift & 15) | fifth) - least;
    }
}

#endif
