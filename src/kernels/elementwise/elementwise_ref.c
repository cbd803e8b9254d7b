/*
 * y = scale * x (+ y), the definition.
 */
#include "kernels/kernels.h"

#include <math.h>

void axpy_ref(real scale, const real *x, int64_t n, real *y) {
    for (int64_t i = 0; i < n; i++) y[i] = real_fma(scale, x[i], y[i]);
}

void scale_ref(real scale, const real *x, int64_t n, real *y) {
    for (int64_t i = 0; i < n; i++) y[i] = scale * x[i];
}
