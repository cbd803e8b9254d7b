/*
 * Q3_K: 256 numbers of 3 bits, in 16 groups of 16 with a scale of 6 bits each; 110 bytes, 3.4375 bits.
 *
 *     byte   0           32      96           108
 *          | hmask[32] | q[64] | scales[12] | d |       d f16
 *
 *     q as in Q2_K: the lower two bits. Bit j / 32 of hmask[j % 32] set: nothing is taken off; clear: 4 is.
 *     scales  byte      0 .. 3               4 .. 7               8 .. 11
 *             low       sc_0..3   & 15       sc_4..7   & 15       bits 4, 5 of sc_t, sc_t+4, sc_t+8, sc_t+12
 *             high      sc_8..11  & 15       sc_12..15 & 15       from the lowest pair up, t = byte - 8
 *
 *     x_j = d (sc_t - 32) (q_j - (0 or 4))       t = j / 16
 */
#ifndef TENSOR_BLOCKS_Q3_K_H
#define TENSOR_BLOCKS_Q3_K_H

#include "tensor/blocks/bits.h"

struct q3_k {
    unsigned char hmask[32], q[64], scales[12], d[2];
};

static inline int q3_k_scale(const struct q3_k *block, int t) {
    int low = t < 8 ? block->scales[t] & 15 : block->scales[t - 8] >> 4;
    int high = block->scales[8 + t % 4] >> 2 * (t / 4) & 3;
    return (low | high << 4) - 32;
}

static inline void q3_k_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q3_k *block = (const void *)at;
    const unsigned char *q = block->q + 32 * (run / 4);
    float d = block_f16(block->d);
    int shift = 2 * (run % 4);
    for (int half = 0; half < 2; half++) {
        float scale = d * (float)q3_k_scale(block, 2 * run + half);
        for (int j = 16 * half; j < 16 * half + 16; j++) {
            int third = (block->hmask[j] >> run & 1) << 2;
            out[j] = scale * (float)((q[j] >> shift & 3) + third - 4);
        }
    }
}

#endif
