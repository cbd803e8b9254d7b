/*
 * One element of a weight as the number that flows: weight_get, but that an F64 element is not rounded where
 * reals are f64 (keys and values in the cache of that build).
 */
#ifndef KERNELS_UNPACK_WEIGHT_REAL_H
#define KERNELS_UNPACK_WEIGHT_REAL_H

#include "tensor/real.h"
#include "tensor/weight.h"

#include <string.h>

static inline real weight_real(const struct weight *w, int64_t row, int64_t col) {
#ifdef SY_REAL_F64
    if (w->dtype == DTYPE_F64 && !w->scale) {
        double value;
        memcpy(&value, w->data + row * w->row_stride + col * w->col_stride, sizeof value);
        return value;
    }
#endif
    return weight_get(w, row, col);
}

#endif
