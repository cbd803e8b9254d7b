/*
 * Is what was encoded what was meant? Encoders never fail: an f16 scale that overflows is infinite, a number
 * that is no number gets some code, a block of tiny numbers becomes zeros. So whoever writes weights reads
 * them back, row by row while the row is at hand, and compares:
 *
 *     off   = max |x - y| over a block,  y = decode(encode(x))
 *     held    off <= worst * max |x|               the error that the type has anyway (held.c says how much)
 *     lost    off <= that + floor, off > max |x| / 4   below what the type resolves; as zeros do no harm,
 *                                                  unless no number of the tensor is larger
 *     beyond  else: larger than the type's scale can be, also where the encoder stops at the largest
 *
 * NaN is held by no type; infinity is by those that have one, if asked for. It costs a decoding and a pass
 * over the row: 0.3 to 0.9 ns a number, where converting takes 3 (F16) to 155 (Q4_K).
 */
#ifndef TENSOR_HELD_H
#define TENSOR_HELD_H

#include "tensor/dtype.h"

enum held_fate { HELD, HELD_LOST, HELD_BEYOND, HELD_INFINITE, HELD_NAN };

struct held {        /* what one thread saw of a tensor; zeros: nothing yet */
    bool infinities; /* infinity is a number like others (a bias that rules out an expert) */
    enum held_fate fate;
    float value; /* the first number that is not held, .. */
    int64_t row; /* .. and the row that it is in */
    float most;  /* the largest magnitude that came by */
    float lost;  /* of a block of numbers too small for the type */
};

/* A row was encoded: in[count] to `bytes`. scratch: count floats. */
void held_row(struct held *held, enum dtype dtype, const float *in, const void *bytes, int64_t count,
              int64_t row, float *scratch);
/* A row whose bytes came as they are: only NaN and infinity can be wrong with it. */
void held_copy(struct held *held, enum dtype dtype, const void *bytes, int64_t count, int64_t row,
               float *scratch);
/* Two threads' views of one tensor become one: the first row that is not held counts. */
void held_join(struct held *held, const struct held *other);
/* What becomes of the whole tensor; *value: the number that says so. */
enum held_fate held_verdict(const struct held *held, float *value);

/* The largest number of the value's sign that a block of the type can hold. */
float held_limit(enum dtype dtype, float value);

#endif
