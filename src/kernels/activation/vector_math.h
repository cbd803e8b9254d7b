/*
 * exp, tanh and erf over 16 lanes: the functions of polynomials.h, the same operations in the same order.
 * Include after vector_avx2.h or vector_avx512.h.
 */
#ifndef KERNELS_ACTIVATION_VECTOR_MATH_H
#define KERNELS_ACTIVATION_VECTOR_MATH_H

#include "kernels/activation/polynomials.h"

static inline vec v_exp(vec x) {
    vec t = v_fma(x, v_all(EXP_LOG2E), v_all(EXP_ROUND)), n = v_sub(t, v_all(EXP_ROUND));
    vec r = v_fma(n, v_all(-EXP_LN2_LO), v_fma(n, v_all(-EXP_LN2_HI), x));
    vec p = v_fma(v_all(EXP_C6), r, v_all(EXP_C5));
    p = v_fma(p, r, v_all(EXP_C4));
    p = v_fma(p, r, v_all(EXP_C3));
    p = v_fma(p, r, v_all(EXP_C2));
    p = v_fma(p, r, v_all(1.0f));
    p = v_fma(p, r, v_all(1.0f));
    vec y = v_add_exponent(p, t);
    y = v_select(v_less(x, v_all(EXP_LOWEST)), v_all(0.0f), y);
    y = v_select(v_less(v_all(EXP_HIGHEST), x), v_all(INFINITY), y);
    return v_select(v_not_number(x), x, y);
}

static inline vec v_tanh(vec x) {
    vec size = v_abs(x), z = v_mul(x, x), one = v_all(1.0f);
    vec p = v_fma(v_all(TANH_C11), z, v_all(TANH_C9));
    p = v_fma(p, z, v_all(TANH_C7));
    p = v_fma(p, z, v_all(TANH_C5));
    p = v_fma(p, z, v_all(TANH_C3));
    vec small = v_fma(v_mul(p, z), x, x);
    vec large = v_sub(one, v_div(v_all(2.0f), v_add(v_exp(v_add(size, size)), one)));
    return v_select(v_less(size, v_all(TANH_SMALL)), small, v_with_sign_of(large, x));
}

static inline vec v_erf(vec x) {
    vec size = v_abs(x), z = v_mul(x, x);
    vec p = v_fma(v_all(ERF_C11), z, v_all(ERF_C9));
    p = v_fma(p, z, v_all(ERF_C7));
    p = v_fma(p, z, v_all(ERF_C5));
    p = v_fma(p, z, v_all(ERF_C3));
    p = v_fma(p, z, v_all(ERF_C1));
    vec small = v_fma(p, x, x);
    vec t = v_min(v_all(ERF_LARGE), size);
    vec q = v_fma(v_all(ERF_L7), t, v_all(ERF_L6));
    q = v_fma(q, t, v_all(ERF_L5));
    q = v_fma(q, t, v_all(ERF_L4));
    q = v_fma(q, t, v_all(ERF_L3));
    q = v_fma(q, t, v_all(ERF_L2));
    q = v_fma(q, t, v_all(ERF_L1));
    q = v_fma(q, t, v_all(ERF_L0));
    vec large = v_sub(v_all(1.0f), v_exp(q));
    return v_select(v_less(size, v_all(ERF_SMALL)), small, v_with_sign_of(large, x));
}

#endif
