/*
 * product_bf16 by vdpbf16ps, in the order that types.h states. The instruction takes a pair of products into
 * a chain, high half first: c = fma(low, low', fma(high, high', c)). So with k in the high and k + 2 in the
 * low halves it walks the even chain of TDPBF16PS, and with k + 1 and k + 3 the odd one, to the bit; it
 * flushes denormals and rounds to nearest even, as that does.
 *
 *     panel   p: k | k + 1 << 16     q: k + 2 | k + 3 << 16       crossed once for all rows of a tile
 *     even    k + 2 | k << 16        odd: k + 3 | k + 1 << 16     weights and activations alike
 *
 * At twice the rate of FMA where the instruction runs each cycle (Zen 4 and later), at the same rate where it
 * takes two (Sapphire Rapids).
 */
#include "base/checked.h"
#include "kernels/kernels.h"

#include <immintrin.h>
#include <stdint.h>

#define INLINE static inline __attribute__((always_inline))

enum {
    ROWS = 8,   /* of a tile, by 16 outputs: two chains and a sum each stay in registers */
    COLS = 256, /* of activations that are crossed at a time. A multiple of 32 */
};

INLINE __m512 dot(__m512 sum, __m512i w, uint32_t x) {
    return _mm512_dpbf16_ps(sum, (__m512bh)w, (__m512bh)_mm512_set1_epi32((int)x));
}

/* 32 k of a row of activations: words 2 i for the even chain, 2 i + 1 for the odd. */
INLINE void cross_row(const uint16_t *x, uint32_t *crossed) {
    static const uint16_t order[32] = { 2,  0,  3,  1,  6,  4,  7,  5,  10, 8,  11, 9,  14, 12, 15, 13,
                                        18, 16, 19, 17, 22, 20, 23, 21, 26, 24, 27, 25, 30, 28, 31, 29 };
    _mm512_store_si512(crossed, _mm512_permutexvar_epi16(_mm512_loadu_si512(order), _mm512_loadu_si512(x)));
}

/* `rows` rows by 16 outputs, over `groups` groups of 32 k. x: [rows][COLS / 2], crossed. */
INLINE void tile(int rows, const uint32_t *panel, int64_t groups, const uint32_t *x, float *acc) {
    const __m512i low = _mm512_set1_epi32(0xffff);
    __m512 sum[ROWS];
    for (int m = 0; m < rows; m++) sum[m] = _mm512_loadu_ps(acc + m * PANEL);
    for (int64_t g = 0; g < groups; g++, panel += 16 * PANEL, x += 16) {
        __m512 even[ROWS], odd[ROWS];
        for (int m = 0; m < rows; m++) even[m] = odd[m] = _mm512_setzero_ps();
        for (int i = 0; i < 8; i++) {
            __m512i p = _mm512_loadu_si512(panel + 2 * i * PANEL),
                    q = _mm512_loadu_si512(panel + (2 * i + 1) * PANEL);
            /* where the mask is set the second, else the third */
            __m512i e = _mm512_ternarylogic_epi32(low, q, _mm512_slli_epi32(p, 16), 0xca),
                    o = _mm512_ternarylogic_epi32(low, _mm512_srli_epi32(q, 16), p, 0xca);
            for (int m = 0; m < rows; m++) {
                even[m] = dot(even[m], e, x[m * COLS / 2 + 2 * i]);
                odd[m] = dot(odd[m], o, x[m * COLS / 2 + 2 * i + 1]);
            }
        }
        for (int m = 0; m < rows; m++) sum[m] = _mm512_add_ps(sum[m], _mm512_add_ps(even[m], odd[m]));
    }
    for (int m = 0; m < rows; m++) _mm512_storeu_ps(acc + m * PANEL, sum[m]);
}

INLINE void tiles(int rows, const uint32_t *panel, int64_t groups, const uint32_t *x, float *acc) {
    for (int h = 0; h < PANEL; h += 16) tile(rows, panel + h, groups, x, acc + h);
}

void product_bf16_avx512bf16(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                             int64_t x_stride, int64_t rows, float *restrict acc) {
    _Alignas(64) uint32_t crossed[ROWS * COLS / 2];
    for (int64_t k0 = 0; k0 < kc; k0 += COLS) {
        int64_t groups = ceil_div(min_i64(COLS, kc - k0), 32), taken;
        const uint32_t *w = panel + k0 / 2 * PANEL;
        for (int64_t m = 0; m < rows; m += taken) {
            int64_t left = rows - m;
            float *sums = acc + m * PANEL;
            taken = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
            for (int64_t r = 0; r < taken; r++)
                for (int64_t g = 0; g < groups; g++)
                    cross_row(x + (m + r) * x_stride + k0 + 32 * g, crossed + r * COLS / 2 + 16 * g);
            switch (taken) {
            case 8: tiles(8, w, groups, crossed, sums); break;
            case 4: tiles(4, w, groups, crossed, sums); break;
            case 2: tiles(2, w, groups, crossed, sums); break;
            default: tiles(1, w, groups, crossed, sums);
            }
        }
    }
}
