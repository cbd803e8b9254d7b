/*
 * Constants of the GELUs: 1 / sqrt 2, sqrt(2 / pi) and 0.044715 sqrt(2 / pi), rounded to reals.
 */
#ifndef KERNELS_ACTIVATION_ACTIVATION_CONSTANTS_H
#define KERNELS_ACTIVATION_ACTIVATION_CONSTANTS_H

#ifdef SY_REAL_F64
#define GELU_SQRT_HALF 0.70710678118654752440
#define GELU_TANH_C1   0.79788456080286535588
#define GELU_TANH_C3   (0.044715 * GELU_TANH_C1)
#else
#define GELU_SQRT_HALF 0x1.6a09e6p-1f
#define GELU_TANH_C1   0x1.988454p-1f
#define GELU_TANH_C3   0x1.2444f2p-5f
#endif

#endif
