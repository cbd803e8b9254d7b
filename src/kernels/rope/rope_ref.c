/*
 * Rotary positions, the definition: the pair (a, b) turns by an angle (types.h).
 *
 * Su et al. 2021, arXiv:2104.09864; which elements make a pair differs between families.
 */
#include "kernels/kernels.h"

#include <math.h>

void rope_ref(real *x, const real *cos, const real *sin, int64_t half, bool interleaved) {
    for (int64_t i = 0; i < half; i++) {
        real *a = interleaved ? &x[2 * i] : &x[i];
        real *b = interleaved ? &x[2 * i + 1] : &x[half + i];
        real turned = real_fma(*a, cos[i], -(*b * sin[i]));
        *b = real_fma(*b, cos[i], *a * sin[i]);
        *a = turned;
    }
}
