/*
 * real: the number that flows. f32 in the program; f64 in the second build of kernels/, layers/, moe/ and
 * pass/ (SY_REAL_F64), which computes the same formulas in the same order with more digits. Tests use it, and
 * whoever wants to know how far f32 is from the truth; nobody else.
 *
 * What is stored stays as it is stored (weights, vectors, positions), and so do the constants of a spec and
 * the angles of rotary positions, which are f32 by definition; only what is computed is real.
 */
#ifndef TENSOR_REAL_H
#define TENSOR_REAL_H

#include "tensor/dtype.h"

#include <math.h>

#ifdef SY_REAL_F64
typedef double real;
#define DTYPE_REAL DTYPE_F64
#define real_fma   fma
#define real_sqrt  sqrt
#define real_fabs  fabs
#define real_floor floor
#define real_rint  rint
#else
typedef float real;
#define DTYPE_REAL DTYPE_F32
#define real_fma   fmaf
#define real_sqrt  sqrtf
#define real_fabs  fabsf
#define real_floor floorf
#define real_rint  rintf
#endif

#endif
