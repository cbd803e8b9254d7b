/*
 * Checked arithmetic on sizes: every size that comes from a file or a config goes through here.
 *
 *     if (!size_mul(n, k, &elements)) return sy_fail(...);
 *
 * All sizes are int64_t and not negative; each function returns false, leaving *out alone, when an operand is
 * negative or the result passes INT64_MAX.
 */
#ifndef BASE_CHECKED_H
#define BASE_CHECKED_H

#include "base/error.h"
#include <stdint.h>

static inline SY_MUST_CHECK bool size_mul(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

static inline SY_MUST_CHECK bool size_add(int64_t a, int64_t b, int64_t *out) {
    int64_t r;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &r)) return false;
    *out = r;
    return true;
}

/* a * b + c */
static inline SY_MUST_CHECK bool size_mul_add(int64_t a, int64_t b, int64_t c, int64_t *out) {
    int64_t r;
    return size_mul(a, b, &r) && size_add(r, c, out);
}

/* n rounded up to a multiple of `unit` (> 0). */
static inline SY_MUST_CHECK bool size_round_up(int64_t n, int64_t unit, int64_t *out) {
    int64_t r;
    if (unit <= 0 || !size_add(n, unit - 1, &r)) return false;
    *out = r / unit * unit;
    return true;
}

/* For sizes already known to be sane (row counts of a batch, tile counts). */
static inline int64_t ceil_div(int64_t n, int64_t unit) {
    return (n + unit - 1) / unit;
}
static inline int64_t round_up(int64_t n, int64_t unit) {
    return ceil_div(n, unit) * unit;
}
static inline int64_t min_i64(int64_t a, int64_t b) {
    return a < b ? a : b;
}
static inline int64_t max_i64(int64_t a, int64_t b) {
    return a > b ? a : b;
}

#endif
