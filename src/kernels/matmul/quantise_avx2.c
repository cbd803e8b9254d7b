/*
 * Activations to int8 on AVX2, 32 at a time: quantise_ref.c says how.
 */
#include "kernels/kernels.h"

#include <immintrin.h>
#include <math.h>
#include <string.h>

static inline __m256i magnitudes(const float *x) {
    return _mm256_castps_si256(_mm256_andnot_ps(_mm256_set1_ps(-0.0F), _mm256_loadu_ps(x)));
}

static inline uint32_t largest_of(__m256i v) {
    __m128i four = _mm_max_epu32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    four = _mm_max_epu32(four, _mm_shuffle_epi32(four, 0x4e));
    return (uint32_t)_mm_cvtsi128_si32(_mm_max_epu32(four, _mm_shuffle_epi32(four, 0xb1)));
}

static inline int32_t sum_of(__m256i v) {
    __m128i four = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
}

void quantise_avx2(const float *restrict x, int64_t count, int8_t *restrict q, float *restrict scale,
                   int32_t *restrict sum) {
    for (int64_t b = 0; b < count / 32; b++, x += 32) {
        __m256i most = _mm256_max_epu32(_mm256_max_epu32(magnitudes(x), magnitudes(x + 8)),
                                        _mm256_max_epu32(magnitudes(x + 16), magnitudes(x + 24)));
        uint32_t bits = largest_of(most);
        float largest;
        memcpy(&largest, &bits, sizeof largest);
        if (bits < 0x04000000 || bits >= 0x7f800000) {
            memset(q + 32 * b, 0, 32);
            scale[b] = bits < 0x04000000 ? 0 : NAN;
            sum[b] = 0;
            continue;
        }
        __m256 inverse = _mm256_set1_ps(127 / largest);
        __m256i v[4];
        for (int i = 0; i < 4; i++)
            v[i] = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8 * i), inverse));
        __m256i bytes = _mm256_packs_epi16(_mm256_packs_epi32(v[0], v[1]), _mm256_packs_epi32(v[2], v[3]));
        bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
        _mm256_storeu_si256((__m256i *)(void *)(q + 32 * b), bytes);
        scale[b] = largest / 127;
        sum[b] = sum_of(_mm256_add_epi32(_mm256_add_epi32(v[0], v[1]), _mm256_add_epi32(v[2], v[3])));
    }
}
