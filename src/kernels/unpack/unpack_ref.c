/*
 * Rows to f32 and back, by definition: tensor/'s scalar decode and encode, one element at a time.
 *
 * Q8_0 as blocks/q8_0.h writes it, with two things beside: a row need not end with a block (zeros fill it
 * up), and a block that holds NaN or infinity gets the scale NaN. Its own encoder would make 0 of a NaN, and
 * a cache must not hide one.
 */
#include "kernels/kernels.h"
#include "kernels/unpack/weight_real.h"

#include "base/checked.h"
#include "tensor/blocks/formats.h"

#include <math.h>
#include <string.h>

void unpack_row_ref(const struct weight *w, int64_t row, real *restrict out) {
    for (int64_t k = 0; k < w->cols; k++) out[k] = weight_real(w, row, k);
}

void pack_row_ref(enum dtype dtype, const real *restrict x, int64_t count, void *restrict out) {
    if (dtype == DTYPE_REAL) {
        memcpy(out, x, (size_t)count * sizeof *x);
        return;
    }
    if (dtype != DTYPE_Q8_0) {
        int64_t elements, bytes;
        dtype_unit(dtype, &elements, &bytes);
        for (int64_t k = 0; k < count; k++) {
            float value = (float)x[k];
            dtype_from_f32(dtype, &value, 1, (char *)out + k * bytes);
        }
        return;
    }
    struct q8_0 *block = out;
    for (int64_t k = 0; k < count; k += BLOCK_RUN, block++) {
        float in[BLOCK_RUN] = { 0 };
        bool finite = true;
        for (int64_t j = 0; j < min_i64(BLOCK_RUN, count - k); j++) {
            in[j] = (float)x[k + j];
            if (!isfinite(in[j])) finite = false;
        }
        if (finite)
            q8_0_encode(in, (unsigned char *)block);
        else
            *block = (struct q8_0){ .d = { 0x00, 0x7e } };
    }
}
