/*
 * exp, sigmoid, tanh and erf in f32: our own, so that every level and every machine gives the same bits.
 * These scalar functions are the definition; vector_math.h performs the same operations in the same order.
 *
 *   exp(x) = 2^n * p(r),   n = rint(x * log2 e),   r = x - n ln 2  in two steps,   |r| <= ln 2 / 2
 *       rint by adding 1.5 * 2^23: the sum's low bits are n, and go straight into the exponent of p.
 *       p(r) = 1 + r + r^2 q(r), q of degree 4: relative error 3e-9 before rounding, below 1 ulp after.
 *       x < -87.33 gives 0, x > 88.722 gives infinity, NaN stays NaN.
 *   sigmoid(x) = 1 / (1 + exp(-x))
 *   tanh(x) = x + x^3 q(x^2) for |x| < 0.625, else 1 - 2 / (exp(2 |x|) + 1) with the sign of x: below 2 ulp
 *   erf(x) = x + x q(x^2) for |x| < 0.92, else 1 - exp(q(min(|x|, 3.92))) with the sign of x: below 1.2e-7
 *
 * Coefficients: minimax fits (Remez exchange in 40 digits, weighted for the error stated), rounded to f32.
 */
#ifndef KERNELS_ACTIVATION_POLYNOMIALS_H
#define KERNELS_ACTIVATION_POLYNOMIALS_H

#include "tensor/real.h"

#include <string.h>

#define EXP_LOG2E   0x1.715476p+0f
#define EXP_ROUND   0x1.8p+23f
#define EXP_LN2_HI  0x1.62e4p-1f
#define EXP_LN2_LO  0x1.7f7d1cp-20f
#define EXP_C6      0x1.6db4fep-10f
#define EXP_C5      0x1.123bf4p-7f
#define EXP_C4      0x1.55545cp-5f
#define EXP_C3      0x1.55548ep-3f
#define EXP_C2      0x1p-1f
#define EXP_LOWEST  -87.33f
#define EXP_HIGHEST 88.722f

#define TANH_SMALL 0.625f
#define TANH_C11   -0x1.76ac34p-8f
#define TANH_C9    0x1.52572ap-6f
#define TANH_C7    -0x1.b84466p-5f
#define TANH_C5    0x1.11076ap-3f
#define TANH_C3    -0x1.555534p-2f

#define ERF_SMALL 0.92f
#define ERF_C11   -0x1.3bb75ap-11f
#define ERF_C9    0x1.47a766p-8f
#define ERF_C7    -0x1.b69ee8p-6f
#define ERF_C5    0x1.ce1be0p-4f
#define ERF_C3    -0x1.8126eep-2f
#define ERF_C1    0x1.06eba6p-3f
#define ERF_LARGE 3.92f /* from here on it rounds to 1 */
#define ERF_L7    -0x1.16fb4p-16f
#define ERF_L6    0x1.86c33ep-12f
#define ERF_L5    -0x1.f44944p-9f
#define ERF_L4    0x1.89b97cp-6f
#define ERF_L3    -0x1.b39704p-4f
#define ERF_L2    -0x1.454acp-1f
#define ERF_L1    -0x1.20e02p+0f
#define ERF_L0    -0x1.392098p-14f

static inline uint32_t f32_bits(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float f32_of_bits(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline float exp_f32(float x) {
    float t = fmaf(x, EXP_LOG2E, EXP_ROUND), n = t - EXP_ROUND;
    float r = fmaf(n, -EXP_LN2_LO, fmaf(n, -EXP_LN2_HI, x));
    float p = fmaf(EXP_C6, r, EXP_C5);
    p = fmaf(p, r, EXP_C4);
    p = fmaf(p, r, EXP_C3);
    p = fmaf(p, r, EXP_C2);
    p = fmaf(p, r, 1.0f);
    p = fmaf(p, r, 1.0f);
    float y = f32_of_bits(f32_bits(p) + (f32_bits(t) << 23));
    y = x < EXP_LOWEST ? 0.0f : y;
    y = x > EXP_HIGHEST ? INFINITY : y;
    return x != x ? x : y;
}

static inline float sigmoid_f32(float x) {
    return 1.0f / (1.0f + exp_f32(-x));
}

static inline float tanh_f32(float x) {
    float size = fabsf(x), z = x * x;
    float p = fmaf(TANH_C11, z, TANH_C9);
    p = fmaf(p, z, TANH_C7);
    p = fmaf(p, z, TANH_C5);
    p = fmaf(p, z, TANH_C3);
    float small = fmaf(p * z, x, x);
    float large = 1.0f - 2.0f / (exp_f32(size + size) + 1.0f);
    return size < TANH_SMALL ? small : copysignf(large, x);
}

static inline float erf_f32(float x) {
    float size = fabsf(x), z = x * x;
    float p = fmaf(ERF_C11, z, ERF_C9);
    p = fmaf(p, z, ERF_C7);
    p = fmaf(p, z, ERF_C5);
    p = fmaf(p, z, ERF_C3);
    p = fmaf(p, z, ERF_C1);
    float small = fmaf(p, x, x);
    float t = ERF_LARGE < size ? ERF_LARGE : size;
    float q = fmaf(ERF_L7, t, ERF_L6);
    q = fmaf(q, t, ERF_L5);
    q = fmaf(q, t, ERF_L4);
    q = fmaf(q, t, ERF_L3);
    q = fmaf(q, t, ERF_L2);
    q = fmaf(q, t, ERF_L1);
    q = fmaf(q, t, ERF_L0);
    float large = 1.0f - exp_f32(q);
    return size < ERF_SMALL ? small : copysignf(large, x);
}

/* For reals: these, or in f64 the mathematics library's. */
static inline real real_exp(real x) {
#ifdef SY_REAL_F64
    return exp(x);
#else
    return exp_f32(x);
#endif
}

static inline real real_sigmoid(real x) {
    return 1 / (1 + real_exp(-x));
}

static inline real real_tanh(real x) {
#ifdef SY_REAL_F64
    return tanh(x);
#else
    return tanh_f32(x);
#endif
}

static inline real real_erf(real x) {
#ifdef SY_REAL_F64
    return erf(x);
#else
    return erf_f32(x);
#endif
}

#endif
