/*
 * IQ4_XS: 256 codes into the table of IQ4_NL, in 8 groups of 32 with a scale of 6 bits each; 136 bytes,
 * 4.25 bits.
 *
 *     byte   0   2          4             8
 *          | d | scales_h | scales_l[4] | q[128] |      d f16, scales_h u16; q: 16 bytes a group, as IQ4_NL
 *
 *     sc_t: nibble t % 2 of scales_l[t / 2], and above it bits 2t, 2t + 1 of scales_h
 *
 *     x_j = d (sc_t - 32) iq4_levels[q_j]       t = j / 32
 */
#ifndef TENSOR_BLOCKS_IQ4_XS_H
#define TENSOR_BLOCKS_IQ4_XS_H

#include "tensor/blocks/iq4_nl.h"

struct iq4_xs {
    unsigned char d[2], scales_h[2], scales_l[4], q[128];
};

static inline int iq4_xs_scale(const struct iq4_xs *block, int t) {
    int low = block->scales_l[t / 2] >> 4 * (t % 2) & 15;
    int high = (int)(block_u16(block->scales_h) >> 2 * t & 3);
    return (low | high << 4) - 32;
}

static inline void iq4_xs_decode_run(const unsigned char *restrict at, int run, float *restrict out) {
    const struct iq4_xs *block = (const void *)at;
    iq4_decode(block->q + 16 * run, block_f16(block->d) * (float)iq4_xs_scale(block, run), out);
}

#endif
