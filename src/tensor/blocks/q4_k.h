/*
 * Q4_K: 256 numbers of 4 bits, in 8 groups of 32 with a scale and a minimum of 6 bits each; 144 bytes, 4.5
 * bits a number.
 *
 *     byte   0   2      4            16
 *          | d | dmin | scales[12] | q[128] |       d, dmin f16
 *
 *     bits of q[32 u + i]        7 .. 4             3 .. 0
 *     number                  64 u + 32 + i        64 u + i
 *
 *     scales  byte        0 .. 3                4 .. 7               8 .. 11
 *             low 6       sc_0..3               m_0..3               bits 3..0: sc_4..7   bits 7..4: m_4..7
 *             top 2       upper bits of sc_4..7 upper bits of m_4..7
 *
 *     x_j = d sc_t q_j - dmin m_t       t = j / 32
 *
 * Both products are exact in f32 (at most 11 + 6 + 4 bits), so the difference is rounded once.
 * Encoding is ours: q4_k.c.
 */
#ifndef TENSOR_BLOCKS_Q4_K_H
#define TENSOR_BLOCKS_Q4_K_H

#include "tensor/blocks/bits.h"

struct q4_k {
    unsigned char d[2], dmin[2], scales[12], q[128];
};

static inline int q4_k_scale(const unsigned char *scales, int t) {
    return t < 4 ? scales[t] & 63 : (scales[t + 4] & 15) | scales[t - 4] >> 6 << 4;
}

static inline int q4_k_min(const unsigned char *scales, int t) {
    return t < 4 ? scales[t + 4] & 63 : scales[t + 4] >> 4 | scales[t] >> 6 << 4;
}

static inline void q4_k_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q4_k *block = (const void *)at;
    const unsigned char *q = block->q + 32 * (run / 2);
    float scale = block_f16(block->d) * (float)q4_k_scale(block->scales, run),
          least = block_f16(block->dmin) * (float)q4_k_min(block->scales, run);
    int shift = 4 * (run % 2);
    for (int j = 0; j < 32; j++) out[j] = scale * (float)(q[j] >> shift & 15) - least;
}

void q4_k_encode(const float *in, unsigned char *at); /* q4_k.c */

#endif
