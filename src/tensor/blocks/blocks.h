/*
 * Block formats: a few numbers stored together with their scale. One file a format: its drawing, its struct,
 * and scalar decode and encode, which are the definition. This header is their table.
 */
#ifndef TENSOR_BLOCKS_H
#define TENSOR_BLOCKS_H

#include "tensor/dtype.h"

struct block_format {
    enum dtype dtype;
    int elements, bytes;                                    /* of one block */
    void (*decode)(const unsigned char *block, float *out); /* exact where f32 can hold it */
    void (*encode)(const float *in, unsigned char *block);  /* NULL: we do not write this format */
};

/* NULL for a dtype that has no blocks. */
const struct block_format *block_format_of(enum dtype dtype);

#endif
