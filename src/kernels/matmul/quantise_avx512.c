/*
 * Activations to int8 on AVX-512, 32 at a time: quantise_ref.c says how.
 */
#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

static inline __m512i magnitudes(__m512 x) {
    return _mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(0x7fffffff));
}

void quantise_avx512(const float *restrict x, int64_t count, int8_t *restrict q, float *restrict scale,
                     int32_t *restrict sum) {
    for (int64_t b = 0; b < count / 32; b++) {
        __m512 low = _mm512_loadu_ps(x + 32 * b), high = _mm512_loadu_ps(x + 32 * b + 16);
        uint32_t bits = _mm512_reduce_max_epu32(_mm512_max_epu32(magnitudes(low), magnitudes(high)));
        float largest;
        memcpy(&largest, &bits, sizeof largest);
        if (bits < 0x04000000 || bits >= 0x7f800000) {
            memset(q + 32 * b, 0, 32);
            scale[b] = bits < 0x04000000 ? 0 : NAN;
            sum[b] = 0;
            continue;
        }
        __m512 inverse = _mm512_set1_ps(127 / largest);
        __m512i first = _mm512_cvtps_epi32(_mm512_mul_ps(low, inverse)),
                second = _mm512_cvtps_epi32(_mm512_mul_ps(high, inverse));
        _mm_storeu_si128((__m128i *)(void *)(q + 32 * b), _mm512_cvtepi32_epi8(first));
        _mm_storeu_si128((__m128i *)(void *)(q + 32 * b + 16), _mm512_cvtepi32_epi8(second));
        scale[b] = largest / 127;
        sum[b] = _mm512_reduce_add_epi32(_mm512_add_epi32(first, second));
    }
}
