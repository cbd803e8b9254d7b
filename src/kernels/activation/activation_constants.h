/*
 * Constants of the GELUs, rounded to f32: 1 / sqrt 2, sqrt(2 / pi) and 0.044715 sqrt(2 / pi).
 */
#ifndef KERNELS_ACTIVATION_ACTIVATION_CONSTANTS_H
#define KERNELS_ACTIVATION_ACTIVATION_CONSTANTS_H

#define GELU_SQRT_HALF 0x1.6a09e6p-1f
#define GELU_TANH_C1   0x1.988454p-1f
#define GELU_TANH_C3   0x1.2444f2p-5f

#endif
