/*
 * Random weights, the same for the same seed and name, whatever else is written and by how many threads.
 *
 * An element is the sum of four 16-bit pieces of one random word, shifted and scaled to mean 0 and variance 1
 * (Irwin-Hall; within +-3.47). Elements come in blocks of SYNTH_BLOCK, each with a generator of its own,
 * seeded by tensor and block, so that any part can be made alone. The stored number is mean + std * element.
 *
 * Float8 matrices: the scale of a block of 128 x 128 is drawn too, so that the largest element that can occur
 * just fits. MXFP4: 32 elements share a power of two; the nibbles are elements of twice unit variance,
 * rounded.
 */
#ifndef COMMANDS_SYNTH_WEIGHTS_H
#define COMMANDS_SYNTH_WEIGHTS_H

#include "base/error.h"
#include "tensor/tensor.h"

#define SYNTH_BLOCK 4096 /* elements */

enum synth_fill {
    SYNTH_NORMAL,    /* F32, F16 or BF16 */
    SYNTH_F8,        /* a matrix under scales */
    SYNTH_F8_SCALES, /* F32 */
    SYNTH_MX_BLOCKS, /* U8, two elements each */
    SYNTH_MX_SCALES, /* U8 */
};

struct synth_tensor {
    const char *name; /* borrowed */
    enum synth_fill fill;
    enum dtype dtype;
    int rank;
    int64_t shape[TENSOR_RANK_MAX];
    int64_t elements, bytes; /* as stored */
    uint64_t key;            /* of the random numbers; a scale plane has its weight's */
    double mean, std;
    int64_t cols;                   /* float8: of the weight matrix */
    int64_t scale_rows, scale_cols; /* elements under one scale */
};

/* Stored elements [first, first + count) of a tensor; first is a multiple of SYNTH_BLOCK. */
void synth_fill(const struct synth_tensor *tensor, int64_t first, int64_t count, void *out);

#endif
