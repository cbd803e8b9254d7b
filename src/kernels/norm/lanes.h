/*
 * The 16 virtual lanes in which every reduction runs (types.h), in plain C: for the reference kernels.
 *
 * Element i belongs to lane i mod 16. Elements missing from the last group take part as 0 (or, for a maximum,
 * as -infinity), exactly as they do in a vector register. The maximum of m and x is x > m ? x : m: a NaN
 * among the x is passed over, and comes back to light in the sum that follows.
 */
#ifndef KERNELS_NORM_LANES_H
#define KERNELS_NORM_LANES_H

#include "tensor/real.h"

#define LANES 16

static inline real lanes_sum(real lane[LANES]) {
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] = lane[l] + lane[l + half];
    return lane[0];
}

static inline real lanes_max(real lane[LANES]) {
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] = lane[l + half] > lane[l] ? lane[l + half] : lane[l];
    return lane[0];
}

/* n up to the end of the last group. */
static inline int64_t lanes_padded(int64_t n) {
    return (n + LANES - 1) / LANES * LANES;
}

#endif
