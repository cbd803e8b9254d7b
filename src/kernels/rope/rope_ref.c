/*
 * Rotary positions, the definition: the pair (a, b) turns by an angle (types.h).
 *
 * Su et al. 2021, arXiv:2104.09864; which elements make a pair differs between families.
 */
#include "kernels/kernels.h"

#include <math.h>

void rope_ref(float *x, const float *cos, const float *sin, int64_t half, bool interleaved) {
    for (int64_t i = 0; i < half; i++) {
        float *a = interleaved ? &x[2 * i] : &x[i];
        float *b = interleaved ? &x[2 * i + 1] : &x[half + i];
        float turned = fmaf(*a, cos[i], -(*b * sin[i]));
        *b = fmaf(*b, cos[i], *a * sin[i]);
        *a = turned;
    }
}
