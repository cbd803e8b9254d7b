/*
 * Q6_K: 256 numbers of 6 bits, in 16 groups of 16 with a scale of 8 bits each; 210 bytes, 6.5625 bits a
 * number.
 *
 *     byte   0         128      192          208
 *          | ql[128] | qh[64] | scales[16] | d |       d f16, scales int8
 *
 *     For the first 128 numbers (the second: ql + 64, qh + 32, scales + 8), i in [0, 32):
 *
 *     number         i               32 + i             64 + i            96 + i
 *     low 4 bits     ql[i] & 15      ql[32 + i] & 15    ql[i] >> 4        ql[32 + i] >> 4
 *     high 2 bits    qh[i] 1..0      qh[i] 3..2         qh[i] 5..4        qh[i] 7..6
 *
 *     x_j = d scales_t (q_j - 32)       t = j / 16
 *
 * Encoding is ours: q6_k.c.
 */
#ifndef TENSOR_BLOCKS_Q6_K_H
#define TENSOR_BLOCKS_Q6_K_H

#include "tensor/blocks/bits.h"

struct q6_k {
    unsigned char ql[128], qh[64];
    signed char scales[16];
    unsigned char d[2];
};

static inline void q6_k_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct q6_k *block = (const void *)at;
    int quarter = run % 4, low = 4 * (quarter / 2), high = 2 * quarter;
    const unsigned char *ql = block->ql + 64 * (run / 4) + 32 * (quarter % 2);
    const unsigned char *qh = block->qh + 32 * (run / 4);
    float d = block_f16(block->d);
    for (int half = 0; half < 2; half++) {
        float scale = d * (float)block->scales[2 * run + half];
        for (int j = 16 * half; j < 16 * half + 16; j++)
            out[j] = scale * (float)(((ql[j] >> low & 15) | (qh[j] >> high & 3) << 4) - 32);
    }
}

void q6_k_encode(const float *in, unsigned char *at); /* q6_k.c */

#endif
