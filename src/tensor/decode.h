/*
 * Private to tensor/: decoding with a stride, for the views of weight.c.
 */
#ifndef TENSOR_DECODE_H
#define TENSOR_DECODE_H

#include "tensor/blocks/blocks.h"

/* `count` elements, `stride` bytes apart, to f32. Not for F4_E2M1 and blocks. */
void dtype_to_f32_strided(enum dtype dtype, const void *data, int64_t stride, int64_t count, float *out);

/* Nibbles first, first + 1, ... of an array of F4_E2M1 to f32. */
void f4_to_f32(const void *data, int64_t first, int64_t count, float *out);

/* Elements first, first + 1, ... of a row of blocks to f32, and whole blocks from f32. */
void blocks_to_f32(const struct block_format *format, const void *data, int64_t first, int64_t count,
                   float *out);
void blocks_from_f32(const struct block_format *format, const float *in, int64_t count, void *out);

#endif
