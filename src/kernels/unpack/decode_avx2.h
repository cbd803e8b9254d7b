/*
 * fp8, fp4 and blocks to f32 on AVX2, 8 at a time: as in decode_avx512.h, but the table of fp4 holds
 * magnitudes only.
 */
#ifndef KERNELS_UNPACK_DECODE_AVX2_H
#define KERNELS_UNPACK_DECODE_AVX2_H

#include "kernels/unpack/codes_avx2.h"
#include "kernels/unpack/decode.h"

#include <immintrin.h>
#include <string.h>

static inline __m256 decode_f8_avx2(enum dtype dtype, __m128i codes) {
    __m128i wide = _mm_cvtepu8_epi16(codes);
    if (dtype == DTYPE_F8_E5M2) return _mm256_cvtph_ps(_mm_slli_epi16(wide, 8));
    __m128i magnitude = _mm_and_si128(wide, _mm_set1_epi16(0x7f));
    __m128i sign = _mm_slli_epi16(_mm_and_si128(wide, _mm_set1_epi16(0x80)), 8);
    __m256i nan = _mm256_cvtepi16_epi32(_mm_cmpeq_epi16(magnitude, _mm_set1_epi16(0x7f)));
    __m256 small = _mm256_cvtph_ps(_mm_or_si128(sign, _mm_slli_epi16(magnitude, 7)));
    return _mm256_blendv_ps(_mm256_mul_ps(small, _mm256_set1_ps(256)),
                            _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000)), _mm256_castsi256_ps(nan));
}

static inline __m256 decode_f4_avx2(__m128i bytes) {
    const __m256 table = _mm256_setr_ps(0, 0.5F, 1, 1.5F, 2, 3, 4, 6);
    __m128i low = _mm_and_si128(bytes, _mm_set1_epi8(15));
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
    __m256i codes = _mm256_cvtepu8_epi32(_mm_unpacklo_epi8(low, high));
    __m256i sign = _mm256_slli_epi32(_mm256_and_si256(codes, _mm256_set1_epi32(8)), 28);
    return _mm256_or_ps(_mm256_permutevar8x32_ps(table, codes), _mm256_castsi256_ps(sign));
}

static inline __m256 decode_eight_avx2(enum dtype dtype, const unsigned char *in) {
    if (dtype != DTYPE_F4_E2M1) return decode_f8_avx2(dtype, _mm_loadl_epi64((const __m128i *)in));
    int32_t nibbles;
    memcpy(&nibbles, in, sizeof nibbles);
    return decode_f4_avx2(_mm_cvtsi32_si128(nibbles));
}

static inline void decode_run_avx2(enum dtype dtype, const unsigned char *in, int64_t count, float scale,
                                   float *restrict out) {
    const __m256 factor = _mm256_set1_ps(scale);
    int64_t k = 0;
    for (; k + 8 <= count; k += 8) {
        const unsigned char *from = in + (dtype == DTYPE_F4_E2M1 ? k / 2 : k);
        _mm256_storeu_ps(out + k, _mm256_mul_ps(decode_eight_avx2(dtype, from), factor));
    }
    if (k == count) return;
    unsigned char rest[8] = { 0 };
    float values[8];
    if (dtype == DTYPE_F4_E2M1)
        memcpy(rest, in + k / 2, (size_t)(count - k + 1) / 2);
    else
        memcpy(rest, in + k, (size_t)(count - k));
    _mm256_storeu_ps(values, _mm256_mul_ps(decode_eight_avx2(dtype, rest), factor));
    memcpy(out + k, values, (size_t)(count - k) * sizeof *out);
}

/* 16 bytes of codes to f32. */
static inline void store_codes_avx2(__m128i codes, bool has_offset, float scale, float offset,
                                    float *restrict out) {
    __m256 low = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(codes));
    __m256 high = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_unpackhi_epi64(codes, codes)));
    low = _mm256_mul_ps(low, _mm256_set1_ps(scale));
    high = _mm256_mul_ps(high, _mm256_set1_ps(scale));
    if (has_offset) {
        low = _mm256_add_ps(low, _mm256_set1_ps(offset));
        high = _mm256_add_ps(high, _mm256_set1_ps(offset));
    }
    _mm256_storeu_ps(out, low);
    _mm256_storeu_ps(out + 8, high);
}

static inline void decode_runs_avx2(enum dtype dtype, const unsigned char *row, int64_t first, int64_t count,
                                    float *restrict out) {
    switch (dtype) {
#define FORMAT(TYPE, name, elements, encoder)                                                                \
    case DTYPE_##TYPE:                                                                                       \
        for (int64_t run = first, runs = (elements) / BLOCK_RUN; run < first + count;                        \
             run++, out += BLOCK_RUN) {                                                                      \
            const unsigned char *block = row + run / runs * (int64_t)sizeof(struct name);                    \
            if (codes_are_small(dtype, block)) {                                                             \
                name##_decode_run(block, 0, out);                                                            \
                continue;                                                                                    \
            }                                                                                                \
            struct codes c = name##_codes(block, (int)(run % runs));                                         \
            bool has_offset = codes_have_offset(DTYPE_##TYPE);                                               \
            store_codes_avx2(_mm256_castsi256_si128(c.codes), has_offset, c.scale[0], c.offset[0], out);     \
            store_codes_avx2(_mm256_extracti128_si256(c.codes, 1), has_offset, c.scale[1], c.offset[1],      \
                             out + 16);                                                                      \
        }                                                                                                    \
        break;
        BLOCK_FORMAT_LIST(FORMAT)
#undef FORMAT
    default: break;
    }
}

static const struct decoder decoder_avx2 = { decode_run_avx2, decode_runs_avx2 };

#endif
