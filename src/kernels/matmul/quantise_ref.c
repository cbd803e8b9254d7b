/*
 * Activations to int8 by definition. For each 32 of them, a = the largest |x|, by its bits:
 *
 *     a not finite         q = 0, scale NaN: what it meets becomes NaN
 *     a < 2^-119           q = 0, scale 0: the scale would be denormal
 *     else                 scale = a / 127,  q = x * (127 / a) to the nearest integer, ties to even
 */
#include "kernels/kernels.h"

#include <math.h>
#include <string.h>

static uint32_t magnitude(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffff;
}

void quantise_ref(const real *restrict x, int64_t count, int8_t *restrict q, float *restrict scale,
                  int32_t *restrict sum) {
    for (int64_t b = 0; b < count / 32; b++) {
        uint32_t bits = 0;
        for (int64_t i = 32 * b; i < 32 * b + 32; i++)
            if (magnitude((float)x[i]) > bits) bits = magnitude((float)x[i]);
        float largest, inverse = 0;
        memcpy(&largest, &bits, sizeof largest);
        bool finite = bits < 0x7f800000, any = bits >= 0x04000000;
        scale[b] = !finite ? NAN : any ? largest / 127 : 0;
        if (finite && any) inverse = 127 / largest;
        sum[b] = 0;
        for (int64_t i = 32 * b; i < 32 * b + 32; i++) {
            q[i] = inverse > 0 ? (int8_t)lrintf((float)x[i] * inverse) : 0;
            sum[b] += q[i];
        }
    }
}
