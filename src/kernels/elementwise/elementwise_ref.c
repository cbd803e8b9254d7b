/*
 * y = scale * x (+ y), the definition.
 */
#include "kernels/kernels.h"

#include <math.h>

void axpy_ref(float scale, const float *x, int64_t n, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] = fmaf(scale, x[i], y[i]);
}

void scale_ref(float scale, const float *x, int64_t n, float *y) {
    for (int64_t i = 0; i < n; i++) y[i] = scale * x[i];
}
