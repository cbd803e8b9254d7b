/*
 * Rows to f32 and back, by definition: tensor/'s scalar decode and encode, one element at a time.
 */
#include "kernels/kernels.h"

void unpack_row_ref(const struct weight *w, int64_t row, float *restrict out) {
    for (int64_t k = 0; k < w->cols; k++) out[k] = weight_get(w, row, k);
}

void pack_row_ref(enum dtype dtype, const float *restrict x, int64_t count, void *restrict out) {
    dtype_from_f32(dtype, x, count, out);
}
