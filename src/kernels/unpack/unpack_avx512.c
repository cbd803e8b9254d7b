/*
 * Rows to f32 and back on AVX-512. Contiguous f32, bf16 and f16 rows are converted 16 at a time, fp8 and fp4
 * by decode_avx512.h, the rest by weight_get_row.
 */
#include "kernels/kernels.h"
#include "kernels/unpack/decode_avx512.h"
#include "kernels/unpack/encode_avx2.h"

#include <immintrin.h>
#include <string.h>

static __mmask16 lanes(int64_t count) {
    return count >= 16 ? 0xffff : (__mmask16)((1U << count) - 1);
}

static void unpack_bf16(const unsigned char *in, int64_t count, float *out) {
    for (int64_t k = 0; k < count; k += 16) {
        __mmask16 some = lanes(count - k);
        __m512i words = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(some, in + 2 * k));
        _mm512_mask_storeu_epi32(out + k, some, _mm512_slli_epi32(words, 16));
    }
}

static void unpack_f16(const unsigned char *in, int64_t count, float *out) {
    for (int64_t k = 0; k < count; k += 16) {
        __mmask16 some = lanes(count - k);
        _mm512_mask_storeu_ps(out + k, some, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(some, in + 2 * k)));
    }
}

void unpack_row_avx512(const struct weight *w, int64_t row, float *restrict out) {
    const unsigned char *in = w->data + row * w->row_stride;
    if (w->dtype == DTYPE_F32 && w->col_stride == 4 && !w->scale)
        memcpy(out, in, (size_t)w->cols * 4);
    else if (w->dtype == DTYPE_BF16 && w->col_stride == 2 && !w->scale)
        unpack_bf16(in, w->cols, out);
    else if (w->dtype == DTYPE_F16 && w->col_stride == 2 && !w->scale)
        unpack_f16(in, w->cols, out);
    else
        decode_row(w, row, 0, w->cols, out, &decoder_avx512);
}

static void pack_bf16(const float *x, int64_t count, unsigned char *out) {
    for (int64_t k = 0; k < count; k += 16) {
        __mmask16 some = lanes(count - k);
        __m512i bits = _mm512_maskz_loadu_epi32(some, x + k);
        __m512i lowest = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(lowest, _mm512_set1_epi32(0x7fff)));
        __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
        __mmask16 nan = _mm512_cmpgt_epu32_mask(magnitude, _mm512_set1_epi32(0x7f800000));
        rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x00400000));
        _mm512_mask_cvtepi32_storeu_epi16(out + 2 * k, some, _mm512_srli_epi32(rounded, 16));
    }
}

static void pack_f16(const float *x, int64_t count, unsigned char *out) {
    for (int64_t k = 0; k < count; k += 16) {
        __mmask16 some = lanes(count - k);
        __m256i halves = _mm512_cvtps_ph(_mm512_maskz_loadu_ps(some, x + k), _MM_FROUND_TO_NEAREST_INT);
        _mm256_mask_storeu_epi16(out + 2 * k, some, halves);
    }
}

void pack_row_avx512(enum dtype dtype, const float *restrict x, int64_t count, void *restrict out) {
    switch (dtype) {
    case DTYPE_F32: memcpy(out, x, (size_t)count * 4); break;
    case DTYPE_BF16: pack_bf16(x, count, out); break;
    case DTYPE_F16: pack_f16(x, count, out); break;
    case DTYPE_Q8_0: encode_row_q8_0_avx2(x, count, out); break;
    default: dtype_from_f32(dtype, x, count, out); break;
    }
}
