/*
 * Products on AVX-512: PANEL outputs are two registers. A tile of several rows keeps all its sums in
 * registers and reads each word of the panel once; many independent chains hide the FMA's latency. Orders:
 * product_ref.c.
 *
 *     f32    12 rows: 24 sums
 *     bf16   a word of the panel, as of x, holds a pair: even k = word << 16, odd k = word & 0xffff0000
 *            few rows take the panel's pairs apart as they go many rows share 32 k of it that were taken
 *            apart once, then run as in f32: even chains, odd chains
 */
#include "base/checked.h"
#include "kernels/kernels.h"

#include <immintrin.h>

#define INLINE static inline __attribute__((always_inline))

enum { F32_ROWS = 12, BF16_FEW = 3, FEW_COLS = 128 };

INLINE void f32_tile(int rows, const float *panel, int64_t kc, const float *x, int64_t x_stride, float *acc) {
    __m512 sum[F32_ROWS][2];
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) sum[m][h] = _mm512_loadu_ps(acc + m * PANEL + 16 * h);
    for (int64_t k = 0; k < kc; k++) {
        __m512 w0 = _mm512_loadu_ps(panel + k * PANEL), w1 = _mm512_loadu_ps(panel + k * PANEL + 16);
        for (int m = 0; m < rows; m++) {
            __m512 value = _mm512_set1_ps(x[m * x_stride + k]);
            sum[m][0] = _mm512_fmadd_ps(value, w0, sum[m][0]);
            sum[m][1] = _mm512_fmadd_ps(value, w1, sum[m][1]);
        }
    }
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) _mm512_storeu_ps(acc + m * PANEL + 16 * h, sum[m][h]);
}

void product_f32_avx512(const float *restrict panel, int64_t kc, const float *restrict x, int64_t x_stride,
                        int64_t rows, float *restrict acc) {
#define TILE(count)                                                                                          \
    case count: f32_tile(count, panel, kc, x + m * x_stride, x_stride, acc + m * PANEL); break
    for (int64_t m = 0; m < rows; m += F32_ROWS) {
        switch (min_i64(rows - m, F32_ROWS)) {
            TILE(1);
            TILE(2);
            TILE(3);
            TILE(4);
            TILE(5);
            TILE(6);
            TILE(7);
            TILE(8);
            TILE(9);
            TILE(10);
            TILE(11);
            TILE(12);
        }
    }
#undef TILE
}

/* 32 bf16 of one row as f32: the 16 even k, then the 16 odd. */
INLINE void split_row(const uint16_t *x, float *split) {
    __m512i pairs = _mm512_loadu_si512(x);
    _mm512_store_si512(split, _mm512_slli_epi32(pairs, 16));
    _mm512_store_si512(split + 16, _mm512_and_si512(pairs, _mm512_set1_epi32((int)0xffff0000)));
}

/* 32 k of up to BF16_FEW rows: the panel's pairs are taken apart as they are used. x: [rows][FEW_COLS],
 * split. */
INLINE void bf16_few_group(int rows, const uint32_t *panel, const float *x, float *acc) {
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    __m512 even[BF16_FEW][2], odd[BF16_FEW][2];
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) even[m][h] = odd[m][h] = _mm512_setzero_ps();
    for (int k = 0; k < 16; k++)
        for (int h = 0; h < 2; h++) {
            __m512i pair = _mm512_loadu_si512(panel + k * PANEL + 16 * h);
            __m512 first = _mm512_castsi512_ps(_mm512_slli_epi32(pair, 16));
            __m512 second = _mm512_castsi512_ps(_mm512_and_si512(pair, upper));
            for (int m = 0; m < rows; m++) {
                even[m][h] = _mm512_fmadd_ps(_mm512_set1_ps(x[m * FEW_COLS + k]), first, even[m][h]);
                odd[m][h] = _mm512_fmadd_ps(_mm512_set1_ps(x[m * FEW_COLS + 16 + k]), second, odd[m][h]);
            }
        }
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) {
            float *sum = acc + m * PANEL + 16 * h;
            _mm512_storeu_ps(sum, _mm512_add_ps(_mm512_loadu_ps(sum), _mm512_add_ps(even[m][h], odd[m][h])));
        }
}

/* x is split some groups ahead of its use, so that no load waits for a store. */
INLINE void bf16_few(int rows, const uint32_t *panel, int64_t kc, const uint16_t *x, int64_t x_stride,
                     float *acc) {
    _Alignas(64) float values[BF16_FEW * FEW_COLS];
    for (int64_t k0 = 0; k0 < kc; k0 += FEW_COLS) {
        int64_t end = min_i64(FEW_COLS, kc - k0);
        for (int m = 0; m < rows; m++)
            for (int64_t k = 0; k < end; k += 32)
                split_row(x + m * x_stride + k0 + k, values + m * FEW_COLS + k);
        for (int64_t k = 0; k < end; k += 32)
            bf16_few_group(rows, panel + (k0 + k) / 2 * PANEL, values + k, acc);
    }
}

/* 32 k of the panel as f32: the 16 even k, then the 16 odd. */
static void split_pairs(const uint32_t *panel, float *split) {
    const __m512i upper = _mm512_set1_epi32((int)0xffff0000);
    for (int64_t i = 0; i < 16 * PANEL; i += 16) {
        __m512i pair = _mm512_loadu_si512(panel + i);
        _mm512_storeu_si512(split + i, _mm512_slli_epi32(pair, 16));
        _mm512_storeu_si512(split + 16 * PANEL + i, _mm512_and_si512(pair, upper));
    }
}

/* One chain of 16 k, even or odd ones. */
INLINE void bf16_chain(int rows, const float *split, const float *x, __m512 sum[F32_ROWS][2]) {
    for (int m = 0; m < rows; m++) sum[m][0] = sum[m][1] = _mm512_setzero_ps();
    for (int k = 0; k < 16; k++) {
        __m512 w0 = _mm512_loadu_ps(split + k * PANEL), w1 = _mm512_loadu_ps(split + k * PANEL + 16);
        for (int m = 0; m < rows; m++) {
            __m512 value = _mm512_set1_ps(x[m * 32 + k]);
            sum[m][0] = _mm512_fmadd_ps(value, w0, sum[m][0]);
            sum[m][1] = _mm512_fmadd_ps(value, w1, sum[m][1]);
        }
    }
}

INLINE void bf16_tile(int rows, const float *split, const uint16_t *x, int64_t x_stride, float *acc) {
    __m512 sum[F32_ROWS][2];
    _Alignas(64) float values[F32_ROWS * 32];
    _Alignas(64) float even[F32_ROWS][PANEL]; /* wait here while the odd chains have the registers */
    for (int m = 0; m < rows; m++) split_row(x + m * x_stride, values + m * 32);
    bf16_chain(rows, split, values, sum);
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) _mm512_store_ps(&even[m][16 * h], sum[m][h]);
    bf16_chain(rows, split + 16 * PANEL, values + 16, sum);
    for (int m = 0; m < rows; m++)
        for (int h = 0; h < 2; h++) {
            float *out = acc + m * PANEL + 16 * h;
            __m512 both = _mm512_add_ps(_mm512_load_ps(&even[m][16 * h]), sum[m][h]);
            _mm512_storeu_ps(out, _mm512_add_ps(_mm512_loadu_ps(out), both));
        }
}

void product_bf16_avx512(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                         int64_t x_stride, int64_t rows, float *restrict acc) {
    switch (rows) {
    case 1: bf16_few(1, panel, kc, x, x_stride, acc); return;
    case 2: bf16_few(2, panel, kc, x, x_stride, acc); return;
    case 3: bf16_few(3, panel, kc, x, x_stride, acc); return;
    default: break;
    }
    _Alignas(64) float split[32 * PANEL];
#define TILE(count)                                                                                          \
    case count: bf16_tile(count, split, x + m * x_stride + k, x_stride, acc + m * PANEL); break
    for (int64_t k = 0; k < kc; k += 32) {
        split_pairs(panel + k / 2 * PANEL, split);
        for (int64_t m = 0; m < rows; m += F32_ROWS) {
            switch (min_i64(rows - m, F32_ROWS)) {
                TILE(1);
                TILE(2);
                TILE(3);
                TILE(4);
                TILE(5);
                TILE(6);
                TILE(7);
                TILE(8);
                TILE(9);
                TILE(10);
                TILE(11);
                TILE(12);
            }
        }
    }
#undef TILE
}

void round_bf16_avx512(const float *restrict x, int64_t count, uint16_t *restrict out) {
    for (int64_t i = 0; i < count; i += 16) {
        __mmask16 some = count - i >= 16 ? 0xffff : (__mmask16)((1U << (count - i)) - 1);
        __m512i bits = _mm512_maskz_loadu_epi32(some, x + i);
        __m512i lowest = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
        __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(lowest, _mm512_set1_epi32(0x7fff)));
        __m512i magnitude = _mm512_and_si512(bits, _mm512_set1_epi32(0x7fffffff));
        __mmask16 nan = _mm512_cmpgt_epu32_mask(magnitude, _mm512_set1_epi32(0x7f800000));
        rounded = _mm512_mask_or_epi32(rounded, nan, bits, _mm512_set1_epi32(0x00400000));
        _mm512_mask_cvtepi32_storeu_epi16(out + i, some, _mm512_srli_epi32(rounded, 16));
    }
}
