/*
 * fp8, fp4 and blocks to f32 on AVX-512, 16 at a time. fp8 goes by way of f16, whose conversion knows
 * subnormals whatever the flushing of denormals: e5m2 is the upper byte of an f16; e4m3 shifted into its
 * place is an f16 2^8 too small (its only NaN apart). fp4 is a table of 16, which is one register.
 */
#ifndef KERNELS_UNPACK_DECODE_AVX512_H
#define KERNELS_UNPACK_DECODE_AVX512_H

#include "kernels/unpack/codes_avx2.h"
#include "kernels/unpack/decode.h"

#include <immintrin.h>

static inline __m512 decode_f8_avx512(enum dtype dtype, __m128i codes) {
    __m256i wide = _mm256_cvtepu8_epi16(codes);
    if (dtype == DTYPE_F8_E5M2) return _mm512_cvtph_ps(_mm256_slli_epi16(wide, 8));
    __m256i magnitude = _mm256_and_si256(wide, _mm256_set1_epi16(0x7f));
    __m256i sign = _mm256_slli_epi16(_mm256_and_si256(wide, _mm256_set1_epi16(0x80)), 8);
    __mmask16 nan = _mm256_cmpeq_epi16_mask(magnitude, _mm256_set1_epi16(0x7f));
    __m512 small = _mm512_cvtph_ps(_mm256_or_si256(sign, _mm256_slli_epi16(magnitude, 7)));
    return _mm512_mask_mov_ps(_mm512_mul_ps(small, _mm512_set1_ps(256)), nan,
                              _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)));
}

static inline __m512 decode_f4_avx512(__m128i bytes) {
    const __m512 table =
        _mm512_setr_ps(0, 0.5F, 1, 1.5F, 2, 3, 4, 6, -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6);
    __m128i low = _mm_and_si128(bytes, _mm_set1_epi8(15));
    __m128i high = _mm_and_si128(_mm_srli_epi16(bytes, 4), _mm_set1_epi8(15));
    return _mm512_permutexvar_ps(_mm512_cvtepu8_epi32(_mm_unpacklo_epi8(low, high)), table);
}

static inline void decode_run_avx512(enum dtype dtype, const unsigned char *in, int64_t count, float scale,
                                     float *restrict out) {
    for (int64_t k = 0; k < count; k += 16) {
        int64_t left = count - k < 16 ? count - k : 16;
        __mmask16 some = (__mmask16)((1U << left) - 1), bytes = (__mmask16)((1U << (left + 1) / 2) - 1);
        __m512 values = dtype == DTYPE_F4_E2M1 ? decode_f4_avx512(_mm_maskz_loadu_epi8(bytes, in + k / 2))
                                               : decode_f8_avx512(dtype, _mm_maskz_loadu_epi8(some, in + k));
        _mm512_mask_storeu_ps(out + k, some, _mm512_mul_ps(values, _mm512_set1_ps(scale)));
    }
}

/* 16 bytes of codes to f32. */
static inline __m512 codes_avx512(__m128i codes, bool has_offset, float scale, float offset) {
    __m512 values = _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(codes)), _mm512_set1_ps(scale));
    return has_offset ? _mm512_add_ps(values, _mm512_set1_ps(offset)) : values;
}

static inline void decode_runs_avx512(enum dtype dtype, const unsigned char *row, int64_t first,
                                      int64_t count, float *restrict out) {
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
            _mm512_storeu_ps(                                                                                \
                out, codes_avx512(_mm256_castsi256_si128(c.codes), has_offset, c.scale[0], c.offset[0]));    \
            _mm512_storeu_ps(out + 16, codes_avx512(_mm256_extracti128_si256(c.codes, 1), has_offset,        \
                                                    c.scale[1], c.offset[1]));                               \
        }                                                                                                    \
        break;
        BLOCK_FORMAT_LIST(FORMAT)
#undef FORMAT
    default: break;
    }
}

static const struct decoder decoder_avx512 = { decode_run_avx512, decode_runs_avx512 };

#endif
