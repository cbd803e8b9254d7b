/*
 * Private to tensor/: decoding with a stride, for the views of weight.c.
 */
#ifndef TENSOR_DECODE_H
#define TENSOR_DECODE_H

#include "tensor/dtype.h"

/* `count` elements, `stride` bytes apart, to f32. Not for F4_E2M1. */
void dtype_to_f32_strided(enum dtype dtype, const void *data, int64_t stride, int64_t count, float *out);

/* Nibbles first, first + 1, ... of an array of F4_E2M1 to f32. */
void f4_to_f32(const void *data, int64_t first, int64_t count, float *out);

#endif
