/*
 * Rows to f32 and back on AVX2: as in unpack_avx512.c, 8 at a time; what is left of a row goes element by
 * element through tensor/'s scalar functions.
 */
#include "kernels/kernels.h"
#include "kernels/unpack/decode_avx2.h"
#include "kernels/unpack/encode_avx2.h"

#include <immintrin.h>
#include <string.h>

static void unpack_bf16(const unsigned char *in, int64_t count, float *out) {
    int64_t k = 0;
    for (; k + 8 <= count; k += 8) {
        __m256i words = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)(in + 2 * k)));
        _mm256_storeu_si256((__m256i *)(void *)(out + k), _mm256_slli_epi32(words, 16));
    }
    dtype_to_f32(DTYPE_BF16, in + 2 * k, count - k, out + k);
}

static void unpack_f16(const unsigned char *in, int64_t count, float *out) {
    int64_t k = 0;
    for (; k + 8 <= count; k += 8)
        _mm256_storeu_ps(out + k,
                         _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(const void *)(in + 2 * k))));
    dtype_to_f32(DTYPE_F16, in + 2 * k, count - k, out + k);
}

void unpack_row_avx2(const struct weight *w, int64_t row, float *restrict out) {
    const unsigned char *in = w->data + row * w->row_stride;
    if (w->dtype == DTYPE_F32 && w->col_stride == 4 && !w->scale)
        memcpy(out, in, (size_t)w->cols * 4);
    else if (w->dtype == DTYPE_BF16 && w->col_stride == 2 && !w->scale)
        unpack_bf16(in, w->cols, out);
    else if (w->dtype == DTYPE_F16 && w->col_stride == 2 && !w->scale)
        unpack_f16(in, w->cols, out);
    else
        decode_row(w, row, 0, w->cols, out, &decoder_avx2);
}

static void pack_bf16(const float *x, int64_t count, unsigned char *out) {
    int64_t k = 0;
    for (; k + 8 <= count; k += 8) {
        __m256i bits = _mm256_loadu_si256((const __m256i *)(const void *)(x + k));
        __m256i lowest = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
        __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(lowest, _mm256_set1_epi32(0x7fff)));
        __m256i nan = _mm256_cmpgt_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff)),
                                         _mm256_set1_epi32(0x7f800000));
        rounded = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000)), nan);
        __m256i words = _mm256_srli_epi32(rounded, 16);
        __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((__m128i *)(void *)(out + 2 * k), halves);
    }
    dtype_from_f32(DTYPE_BF16, x + k, count - k, out + 2 * k);
}

static void pack_f16(const float *x, int64_t count, unsigned char *out) {
    int64_t k = 0;
    for (; k + 8 <= count; k += 8)
        _mm_storeu_si128((__m128i *)(void *)(out + 2 * k),
                         _mm256_cvtps_ph(_mm256_loadu_ps(x + k), _MM_FROUND_TO_NEAREST_INT));
    dtype_from_f32(DTYPE_F16, x + k, count - k, out + 2 * k);
}

void pack_row_avx2(enum dtype dtype, const float *restrict x, int64_t count, void *restrict out) {
    switch (dtype) {
    case DTYPE_F32: memcpy(out, x, (size_t)count * 4); break;
    case DTYPE_BF16: pack_bf16(x, count, out); break;
    case DTYPE_F16: pack_f16(x, count, out); break;
    case DTYPE_Q8_0: encode_row_q8_0_avx2(x, count, out); break;
    default: dtype_from_f32(dtype, x, count, out); break;
    }
}
