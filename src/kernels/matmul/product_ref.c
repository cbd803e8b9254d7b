/*
 * Products by definition. The order of the sums is part of it:
 *
 *     f32    acc = fma(x[k], w[k], acc), k ascending: one chain an output
 *     bf16   per 32 k:  e = fma chain over even k from +0,  o = over odd k from +0,  acc = acc + (e + o)
 *            This is what TDPBF16PS does, found by experiment (docs/numerics.md).
 *
 * A machine without an FMA instruction gets the same bits from fma(), slowly, but for the flushing of
 * denormals.
 */
#include "kernels/kernels.h"

#include <math.h>

void product_f32_ref(const real *restrict panel, int64_t kc, const real *restrict x, int64_t x_stride,
                     int64_t rows, real *restrict acc) {
    for (int64_t m = 0; m < rows; m++)
        for (int64_t j = 0; j < PANEL; j++) {
            real sum = acc[m * PANEL + j];
            for (int64_t k = 0; k < kc; k++) sum = real_fma(x[m * x_stride + k], panel[k * PANEL + j], sum);
            acc[m * PANEL + j] = sum;
        }
}

void product_bf16_ref(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                      int64_t x_stride, int64_t rows, real *restrict acc) {
    for (int64_t m = 0; m < rows; m++)
        for (int64_t j = 0; j < PANEL; j++)
            for (int64_t k = 0; k < kc; k += 32) {
                const uint16_t *pairs = x + m * x_stride + k;
                real even = 0, odd = 0;
                for (int64_t i = 0; i < 32; i += 2) {
                    uint32_t pair = panel[(k + i) / 2 * PANEL + j];
                    even = real_fma(bf16_to_f32(pairs[i]), bf16_to_f32((uint16_t)(pair & 0xffff)), even);
                    odd = real_fma(bf16_to_f32(pairs[i + 1]), bf16_to_f32((uint16_t)(pair >> 16)), odd);
                }
                acc[m * PANEL + j] += even + odd;
            }
}

void round_bf16_ref(const real *restrict x, int64_t count, uint16_t *restrict out) {
    for (int64_t i = 0; i < count; i++) out[i] = bf16_from_f32((float)x[i]);
}
