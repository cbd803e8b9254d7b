/*
 * Products on AVX2: as in product_avx512.c, with registers of 8 outputs. Several rows take half a panel at a
 * time (6 rows by 2 registers: 12 sums); one or two rows take the whole of it, to have chains enough. Orders:
 * product_ref.c.
 */
#include "kernels/kernels.h"

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { ROWS = 6, WIDTH_MAX = 4 /* registers side by side */ };

/* `rows` rows by `width` registers. */
INLINE void chains(int rows, int width, const float *panel, int64_t kc, const float *x, int64_t x_stride,
                   __m256 sum[ROWS][WIDTH_MAX]) {
    for (int64_t k = 0; k < kc; k++) {
        __m256 w[WIDTH_MAX];
        for (int j = 0; j < width; j++) w[j] = _mm256_loadu_ps(panel + k * PANEL + 8 * j);
        for (int m = 0; m < rows; m++) {
            __m256 value = _mm256_broadcast_ss(x + m * x_stride + k);
            for (int j = 0; j < width; j++) sum[m][j] = _mm256_fmadd_ps(value, w[j], sum[m][j]);
        }
    }
}

INLINE void f32_tile(int rows, int width, const float *panel, int64_t kc, const float *x, int64_t x_stride,
                     float *acc) {
    __m256 sum[ROWS][WIDTH_MAX];
    for (int m = 0; m < rows; m++)
        for (int j = 0; j < width; j++) sum[m][j] = _mm256_loadu_ps(acc + m * PANEL + 8 * j);
    chains(rows, width, panel, kc, x, x_stride, sum);
    for (int m = 0; m < rows; m++)
        for (int j = 0; j < width; j++) _mm256_storeu_ps(acc + m * PANEL + 8 * j, sum[m][j]);
}

void product_f32_avx2(const float *restrict panel, int64_t kc, const float *restrict x, int64_t x_stride,
                      int64_t rows, float *restrict acc) {
    for (; rows > 0; rows -= ROWS, x += ROWS * x_stride, acc += ROWS * PANEL) {
        if (rows == 1) {
            f32_tile(1, 4, panel, kc, x, x_stride, acc);
            continue;
        }
        for (int64_t j = 0; j < PANEL; j += 16) switch (rows) {
            case 2: f32_tile(2, 2, panel + j, kc, x, x_stride, acc + j); break;
            case 3: f32_tile(3, 2, panel + j, kc, x, x_stride, acc + j); break;
            case 4: f32_tile(4, 2, panel + j, kc, x, x_stride, acc + j); break;
            case 5: f32_tile(5, 2, panel + j, kc, x, x_stride, acc + j); break;
            default: f32_tile(6, 2, panel + j, kc, x, x_stride, acc + j); break;
            }
    }
}

/* 32 k of the panel as f32: the 16 even k, then the 16 odd. */
static void split_pairs(const uint32_t *panel, float *split) {
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    for (int64_t i = 0; i < 16 * PANEL; i += 8) {
        __m256i pair = _mm256_loadu_si256((const __m256i *)(const void *)(panel + i));
        _mm256_storeu_si256((__m256i *)(void *)(split + i), _mm256_slli_epi32(pair, 16));
        _mm256_storeu_si256((__m256i *)(void *)(split + 16 * PANEL + i), _mm256_and_si256(pair, upper));
    }
}

/* 32 bf16 of one row as f32: the 16 even k, then the 16 odd. */
INLINE void split_row(const uint16_t *x, float *split) {
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    for (int i = 0; i < 16; i += 8) {
        __m256i pairs = _mm256_loadu_si256((const __m256i *)(const void *)(x + 2 * i));
        _mm256_store_si256((__m256i *)(void *)(split + i), _mm256_slli_epi32(pairs, 16));
        _mm256_store_si256((__m256i *)(void *)(split + 16 + i), _mm256_and_si256(pairs, upper));
    }
}

/* x: [rows][32], split. */
INLINE void bf16_tile(int rows, int width, const float *split, const float *x, float *acc) {
    __m256 sum[ROWS][WIDTH_MAX];
    _Alignas(32) float even[ROWS][8 * WIDTH_MAX]; /* wait here while the odd chains have the registers */
    for (int m = 0; m < rows; m++)
        for (int j = 0; j < width; j++) sum[m][j] = _mm256_setzero_ps();
    chains(rows, width, split, 16, x, 32, sum);
    for (int m = 0; m < rows; m++)
        for (int j = 0; j < width; j++) {
            _mm256_store_ps(&even[m][8 * j], sum[m][j]);
            sum[m][j] = _mm256_setzero_ps();
        }
    chains(rows, width, split + 16 * PANEL, 16, x + 16, 32, sum);
    for (int m = 0; m < rows; m++)
        for (int j = 0; j < width; j++) {
            float *out = acc + m * PANEL + 8 * j;
            __m256 both = _mm256_add_ps(_mm256_load_ps(&even[m][8 * j]), sum[m][j]);
            _mm256_storeu_ps(out, _mm256_add_ps(_mm256_loadu_ps(out), both));
        }
}

/* One row: the panel's pairs are taken apart as they are used. */
static void bf16_one(const uint32_t *panel, int64_t kc, const uint16_t *x, float *acc) {
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    _Alignas(32) float values[32];
    for (int64_t k0 = 0; k0 < kc; k0 += 32, panel += 16 * PANEL, x += 32) {
        __m256 even[4], odd[4];
        split_row(x, values);
        for (int j = 0; j < 4; j++) even[j] = odd[j] = _mm256_setzero_ps();
        for (int k = 0; k < 16; k++) {
            __m256 first = _mm256_broadcast_ss(values + k), second = _mm256_broadcast_ss(values + 16 + k);
            for (int j = 0; j < 4; j++) {
                __m256i pair = _mm256_loadu_si256((const __m256i *)(const void *)(panel + k * PANEL + 8 * j));
                even[j] = _mm256_fmadd_ps(first, _mm256_castsi256_ps(_mm256_slli_epi32(pair, 16)), even[j]);
                odd[j] = _mm256_fmadd_ps(second, _mm256_castsi256_ps(_mm256_and_si256(pair, upper)), odd[j]);
            }
        }
        for (int j = 0; j < 4; j++) {
            __m256 both = _mm256_add_ps(even[j], odd[j]);
            _mm256_storeu_ps(acc + 8 * j, _mm256_add_ps(_mm256_loadu_ps(acc + 8 * j), both));
        }
    }
}

void product_bf16_avx2(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                       int64_t x_stride, int64_t rows, float *restrict acc) {
    if (rows == 1) {
        bf16_one(panel, kc, x, acc);
        return;
    }
    _Alignas(32) float split[32 * PANEL], values[ROWS * 32];
    for (int64_t k = 0; k < kc; k += 32) {
        split_pairs(panel + k / 2 * PANEL, split);
        for (int64_t m = 0; m < rows; m += ROWS) {
            for (int i = 0; i < ROWS && m + i < rows; i++)
                split_row(x + (m + i) * x_stride + k, values + i * 32);
            for (int64_t j = 0; j < PANEL; j += 16) {
                float *sums = acc + m * PANEL + j;
                switch (rows - m) {
                case 1: bf16_tile(1, 2, split + j, values, sums); break;
                case 2: bf16_tile(2, 2, split + j, values, sums); break;
                case 3: bf16_tile(3, 2, split + j, values, sums); break;
                case 4: bf16_tile(4, 2, split + j, values, sums); break;
                case 5: bf16_tile(5, 2, split + j, values, sums); break;
                default: bf16_tile(6, 2, split + j, values, sums); break;
                }
            }
        }
    }
}

void round_bf16_avx2(const float *restrict x, int64_t count, uint16_t *restrict out) {
    const __m256i one = _mm256_set1_epi32(1), half = _mm256_set1_epi32(0x7fff);
    const __m256i lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    for (int64_t i = 0; i < count; i += 8) {
        __m256i some = _mm256_cmpgt_epi32(_mm256_set1_epi32(count - i < 8 ? (int)(count - i) : 8), lanes);
        __m256i bits = _mm256_maskload_epi32((const int *)(const void *)(x + i), some);
        __m256i lowest = _mm256_and_si256(_mm256_srli_epi32(bits, 16), one);
        __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(lowest, half));
        __m256i nan = _mm256_cmpgt_epi32(_mm256_and_si256(bits, _mm256_set1_epi32(0x7fffffff)),
                                         _mm256_set1_epi32(0x7f800000));
        rounded = _mm256_blendv_epi8(rounded, _mm256_or_si256(bits, _mm256_set1_epi32(0x00400000)), nan);
        __m256i words = _mm256_srli_epi32(rounded, 16);
        __m128i halves = _mm_packus_epi32(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        if (count - i >= 8) {
            _mm_storeu_si128((__m128i *)(void *)(out + i), halves);
        } else {
            uint16_t last[8];
            _mm_storeu_si128((__m128i *)(void *)last, halves);
            memcpy(out + i, last, (size_t)(count - i) * sizeof *out);
        }
    }
}
