#include "tensor/held.h"

#include "base/checked.h"
#include "tensor/half.h"

#include <float.h>
#include <math.h>

#define SPAN     256 /* numbers that are judged together where the type has no blocks */
#define INFINITE 0x7f800000
#define HALF     65504.0f /* the largest f16 */
#define GRAIN    0x1p-25f /* half of the smallest: what an f16 may be off by, however small */

/*
 * What encoding may do to a number, in parts of the largest magnitude of its block, and however small that
 * is. Of a scale d the rounding to f16 comes on top: 2^-11 of it.
 *
 *     Q8_0         d / 2, d = max / 127
 *     Q4_0 Q5_0    d, d = max / 8 or 16: the code +8 (+16) that is not there
 *     Q4_1 Q5_1    d / 2, d = range / 15 or 31, range <= 2 max
 *     MXFP4        max in [4, 8) units, the largest level is 6
 *     Q4_K Q6_K    found by climbing: 0.107 and 0.017 at most
 */
struct bound {
    float worst, floor;
    float up, down; /* the largest numbers */
};

static struct bound bound_of(enum dtype dtype) {
    switch (dtype) {
    case DTYPE_F32: return (struct bound){ 0, 0, FLT_MAX, FLT_MAX };
    case DTYPE_F64: return (struct bound){ 0, 0, FLT_MAX, FLT_MAX };
    case DTYPE_BF16: return (struct bound){ 0x1p-8f, FLT_MIN, 0x1.fep127f, 0x1.fep127f };
    case DTYPE_F16: return (struct bound){ 0x1p-11f, GRAIN, HALF, HALF };
    case DTYPE_F8_E4M3: return (struct bound){ 0x1p-4f, 0x1p-10f, 448, 448 };
    case DTYPE_Q8_0: return (struct bound){ 0.005f, 128 * GRAIN, 127 * HALF, 127 * HALF };
    case DTYPE_Q4_0: return (struct bound){ 0.127f, 8 * GRAIN, 8 * HALF, 8 * HALF };
    case DTYPE_Q4_1: return (struct bound){ 0.07f, 16 * GRAIN, 15 * HALF, HALF };
    case DTYPE_Q5_0: return (struct bound){ 0.064f, 16 * GRAIN, 16 * HALF, 16 * HALF };
    case DTYPE_Q5_1: return (struct bound){ 0.036f, 32 * GRAIN, 31 * HALF, HALF };
    case DTYPE_Q4_K: return (struct bound){ 0.13f, 1008 * GRAIN, 63 * 15 * HALF, 63 * HALF };
    case DTYPE_Q6_K: return (struct bound){ 0.03f, 4096 * GRAIN, 128 * 32 * HALF, 128 * 32 * HALF };
    case DTYPE_MXFP4: return (struct bound){ 0.2501f, FLT_MIN, 0x1.8p127f, 0x1.8p127f };
    default: return (struct bound){ 0, 0, FLT_MAX, FLT_MAX };
    }
}

float held_limit(enum dtype dtype, float value) {
    struct bound bound = bound_of(dtype);
    return value < 0 ? -bound.down : bound.up;
}

/* ---- spans ---- */

static inline int32_t magnitude_of(float value) {
    int32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & 0x7fffffff;
}

static inline float of_magnitude(int32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* The largest |x| and |x - y|, as bits: those order magnitudes, NaN above all, and a compiler makes vectors
 * of their maximum. */
static void measure(const float *x, const float *y, int64_t count, int32_t *most, int32_t *off) {
    int32_t a = 0, b = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t m = magnitude_of(x[i]), d = magnitude_of(x[i] - y[i]);
        a = m > a ? m : a;
        b = d > b ? d : b;
    }
    *most = a;
    *off = b;
}

static int32_t largest(const float *x, int64_t count) {
    int32_t most = 0;
    for (int64_t i = 0; i < count; i++) {
        int32_t m = magnitude_of(x[i]);
        most = m > most ? m : most;
    }
    return most;
}

static void fails(struct held *held, enum held_fate fate, float value, int64_t row) {
    if (held->fate != HELD && held->row <= row) return;
    held->fate = fate;
    held->value = value;
    held->row = row;
}

/* Something in x or y is not finite: what? */
static void find_special(struct held *held, enum dtype dtype, const float *x, const float *y, int64_t count,
                         int64_t row) {
    bool has_infinity = held->infinities && !dtype_is_block(dtype);
    for (int64_t i = 0; i < count; i++) {
        if (isnan(x[i])) {
            fails(held, HELD_NAN, x[i], row);
            return;
        }
        if (isinf(x[i]) && !(has_infinity && y[i] == x[i])) {
            fails(held, HELD_INFINITE, x[i], row);
            return;
        }
    }
    for (int64_t i = 0; i < count; i++)
        if (isfinite(x[i]) && !isfinite(y[i])) { /* by the scale, which the largest made */
            int64_t at = i;
            for (int64_t j = 0; j < count; j++)
                if (isfinite(x[j]) && fabsf(x[j]) > fabsf(x[at])) at = j;
            fails(held, HELD_BEYOND, x[at], row);
            return;
        }
}

static void judge(struct held *held, enum dtype dtype, const struct bound *bound, const float *x,
                  const float *y, int64_t count, int64_t row) {
    int32_t most_bits, off_bits;
    measure(x, y, count, &most_bits, &off_bits);
    if (most_bits >= INFINITE || off_bits >= INFINITE) {
        find_special(held, dtype, x, y, count, row);
        return;
    }
    float most = of_magnitude(most_bits), off = of_magnitude(off_bits), may = bound->worst * most;
    if (most > held->most) held->most = most;
    if (off <= may) return;
    if (off > may + bound->floor) {
        int64_t at = 0;
        for (int64_t i = 0; i < count; i++)
            if (fabsf(x[i] - y[i]) > fabsf(x[at] - y[at])) at = i;
        fails(held, HELD_BEYOND, x[at], row);
    } else if (off > most / 4 && most > held->lost) {
        held->lost = most;
    }
}

/* ---- rows ---- */

void held_row(struct held *held, enum dtype dtype, const float *in, const void *bytes, int64_t count,
              int64_t row, float *scratch) {
    struct bound bound = bound_of(dtype);
    int64_t unit, unit_bytes;
    dtype_unit(dtype, &unit, &unit_bytes);
    int64_t span = unit > 1 ? unit : SPAN;
    dtype_to_f32(dtype, bytes, count, scratch);
    for (int64_t i = 0; i < count; i += span)
        judge(held, dtype, &bound, in + i, scratch + i, min_i64(span, count - i), row);
}

void held_copy(struct held *held, enum dtype dtype, const void *bytes, int64_t count, int64_t row,
               float *scratch) {
    dtype_to_f32(dtype, bytes, count, scratch);
    if (largest(scratch, count) >= INFINITE) find_special(held, dtype, scratch, scratch, count, row);
}

void held_join(struct held *held, const struct held *other) {
    if (other->fate != HELD) fails(held, other->fate, other->value, other->row);
    if (other->most > held->most) held->most = other->most;
    if (other->lost > held->lost) held->lost = other->lost;
}

enum held_fate held_verdict(const struct held *held, float *value) {
    bool lost = held->fate == HELD && held->lost > 0 && held->lost >= held->most;
    *value = lost ? held->most : held->value;
    return lost ? HELD_LOST : held->fate;
}
