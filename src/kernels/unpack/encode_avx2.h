/*
 * 32 numbers to a block of Q8_0, as unpack_ref.c says, eight at a time: for pack_row of AVX2 and above.
 */
#ifndef KERNELS_UNPACK_ENCODE_AVX2_H
#define KERNELS_UNPACK_ENCODE_AVX2_H

#include "tensor/blocks/formats.h"

#include <immintrin.h>
#include <string.h>

static inline __m256i encode_magnitude(__m256 x) {
    return _mm256_and_si256(_mm256_castps_si256(x), _mm256_set1_epi32(0x7fffffff));
}

/* trunc(|x| inverse + 0.5), at most 127, with the sign of x. */
static inline __m256i encode_codes(__m256 x, __m256 inverse) {
    __m256 sized = _mm256_castsi256_ps(encode_magnitude(_mm256_mul_ps(x, inverse)));
    __m256 rounded = _mm256_min_ps(_mm256_add_ps(sized, _mm256_set1_ps(0.5F)), _mm256_set1_ps(127));
    return _mm256_sign_epi32(_mm256_cvttps_epi32(rounded),
                             _mm256_or_si256(_mm256_castps_si256(x), _mm256_set1_epi32(1)));
}

static inline void encode_q8_0_avx2(const float *x, unsigned char *out) {
    __m256 v[4];
    __m256i most = _mm256_setzero_si256(), codes[4];
    for (int i = 0; i < 4; i++) {
        v[i] = _mm256_loadu_ps(x + 8 * i);
        most = _mm256_max_epi32(most, encode_magnitude(v[i]));
    }
    __m128i four = _mm_max_epi32(_mm256_castsi256_si128(most), _mm256_extracti128_si256(most, 1));
    four = _mm_max_epi32(four, _mm_shuffle_epi32(four, 0x4e));
    int bits = _mm_cvtsi128_si32(_mm_max_epi32(four, _mm_shuffle_epi32(four, 0xb1)));
    struct q8_0 *block = (void *)out;
    if (bits >= 0x7f800000) { /* infinity or NaN somewhere: NaN everywhere */
        *block = (struct q8_0){ .d = { 0x00, 0x7e } };
        return;
    }
    float largest;
    memcpy(&largest, &bits, sizeof largest);
    float d = largest / 127;
    block_put_f16(block->d, d);
    __m256 inverse = _mm256_set1_ps(block_inverse(d));
    for (int i = 0; i < 4; i++) codes[i] = encode_codes(v[i], inverse);
    __m256i bytes =
        _mm256_packs_epi16(_mm256_packs_epi32(codes[0], codes[1]), _mm256_packs_epi32(codes[2], codes[3]));
    bytes = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7));
    _mm256_storeu_si256((__m256i *)(void *)block->q, bytes);
}

/* The last block of a row may have fewer numbers: zeros follow. */
static inline void encode_row_q8_0_avx2(const float *x, int64_t count, unsigned char *out) {
    int64_t k = 0;
    for (; k + BLOCK_RUN <= count; k += BLOCK_RUN, out += sizeof(struct q8_0)) encode_q8_0_avx2(x + k, out);
    if (k == count) return;
    float edge[BLOCK_RUN] = { 0 };
    memcpy(edge, x + k, (size_t)(count - k) * sizeof *x);
    encode_q8_0_avx2(edge, out);
}

#endif
