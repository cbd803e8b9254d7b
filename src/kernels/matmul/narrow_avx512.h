/*
 * Panels of fp8 and fp4 weights on AVX-512, for panel_avx512.c: rows are transposed as words while they are
 * still narrow (a word holds 4 fp8 or 8 fp4 of one output), and each word's numbers are decoded where they
 * then lie, times the scales of the 16 outputs:
 *
 *     e4m3  (1 + m/8) 2^(e-7) by adding to the exponent; subnormals as (1 + m/8) 2^-6 - 2^-6, since denormals
 *           are flushed
 *     e2m1  a table of 16 in one register, indexed by the low four bits of each lane
 */
#ifndef KERNELS_MATMUL_NARROW_AVX512_H
#define KERNELS_MATMUL_NARROW_AVX512_H

#include "kernels/unpack/decode.h"

#include <immintrin.h>

/* The e4m3 number in the lowest byte of each lane. */
static inline __m512 narrow_e4m3(__m512i codes) {
    __m512i magnitude = _mm512_and_si512(codes, _mm512_set1_epi32(0x7f));
    __m512i sign = _mm512_slli_epi32(_mm512_and_si512(codes, _mm512_set1_epi32(0x80)), 24);
    __mmask16 small = _mm512_cmplt_epu32_mask(magnitude, _mm512_set1_epi32(8));
    __mmask16 nan = _mm512_cmpeq_epi32_mask(magnitude, _mm512_set1_epi32(0x7f));
    __m512i bits = _mm512_add_epi32(_mm512_slli_epi32(magnitude, 20), _mm512_set1_epi32(120 << 23));
    bits = _mm512_mask_add_epi32(bits, small, bits, _mm512_set1_epi32(1 << 23));
    __m512 value = _mm512_castsi512_ps(bits);
    value = _mm512_mask_sub_ps(value, small, value, _mm512_set1_ps(0x1p-6F));
    value = _mm512_mask_mov_ps(value, nan, _mm512_castsi512_ps(_mm512_set1_epi32(0x7fc00000)));
    return _mm512_or_ps(value, _mm512_castsi512_ps(sign));
}

/* The e2m1 number in the lowest four bits of each lane. */
static inline __m512 narrow_e2m1(__m512i codes) {
    const __m512 table =
        _mm512_setr_ps(0, 0.5F, 1, 1.5F, 2, 3, 4, 6, -0.0F, -0.5F, -1, -1.5F, -2, -3, -4, -6);
    return _mm512_permutexvar_ps(codes, table);
}

/* Can [k0, k0 + kc) be made so? In whole runs of 32 k only, each under one scale an output. */
static inline bool narrow_fits(const struct weight *w, int64_t k0, int64_t kc) {
    bool f8 = w->dtype == DTYPE_F8_E4M3 && w->col_stride == 1, f4 = w->dtype == DTYPE_F4_E2M1 && k0 % 2 == 0;
    return (f8 || f4) && kc % 32 == 0 &&
           (!w->scale || (w->scale_cols % 32 == 0 && (w->col_first + k0) % 32 == 0));
}

static inline float narrow_scale(enum dtype dtype, const unsigned char *scale) {
    if (dtype != DTYPE_F8_E8M0) return dtype_get(dtype, scale, 0);
    uint32_t bits = *scale == 0 ? 0x00400000 : *scale == 255 ? 0x7fc00000 : (uint32_t)*scale << 23;
    return _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128((int)bits)));
}

/* The scales of outputs n.. at column k; those of outputs that do not exist are 0. */
static inline __m512 narrow_scales(const struct weight *w, int64_t n, int64_t k) {
    _Alignas(64) float scales[16] = { 0 };
    int64_t present = min_i64(16, w->rows - n), first = w->row_first + n, run = w->scale_rows;
    if (!w->scale) return _mm512_set1_ps(1);
    const unsigned char *column = w->scale + (w->col_first + k) / w->scale_cols * w->scale_col_stride;
    if (run == 1) {
        for (int64_t i = 0; i < present; i++)
            scales[i] = narrow_scale(w->scale_dtype, column + (first + i) * w->scale_row_stride);
    } else {
        for (int64_t i = 0; i < present;) {
            float scale = narrow_scale(w->scale_dtype, column + (first + i) / run * w->scale_row_stride);
            for (int64_t end = min_i64(present, i + run - (first + i) % run); i < end; i++) scales[i] = scale;
        }
    }
    return _mm512_load_ps(scales);
}

#endif
