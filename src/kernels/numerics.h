/*
 * What arithmetic was asked for, and what follows from it for products. It and the weights' dtype decide,
 * never who calls.
 */
#ifndef KERNELS_NUMERICS_H
#define KERNELS_NUMERICS_H

#include "tensor/weight.h"

enum compute {
    COMPUTE_F32,  /* exact: weights decoded exactly, activations real, one FMA chain an output */
    COMPUTE_BF16, /* fast: weights stored narrower than f16 or as bf16 and activations rounded to bf16, the
                     order of TDPBF16PS */
};

/* Which rows take block formats in integers, where COMPUTE_BF16 has a way for that. */
enum regime {
    REGIME_INTEGER, /* all: a prompt's rows get the very bits that steps would */
    REGIME_BF16,    /* steps; prompts are unpacked to bf16, which tile instructions take faster */
};

struct numerics {
    enum compute compute;
    enum dtype
        kv; /* F32, F16, BF16 or Q8_0: keys and values in the cache; F64 where reals are (tensor/real.h) */
    enum regime regime;
};

/* What a product multiplies in. */
enum arithmetic { ARITHMETIC_F32, ARITHMETIC_BF16, ARITHMETIC_INTEGER, ARITHMETIC_COUNT };

/* Does a product with this weight run in bf16? F32, F64 and F16 weights always stay in f32. */
bool computes_bf16(const struct numerics *numerics, const struct weight *weight);

/* Bytes of room for the packed form of a row of so many columns (matmul/matmul.c draws it): what rows that a
 * product reads have for packed_stride; 0 where all products are computed in f32. */
int64_t matmul_packed_bytes(const struct numerics *numerics, int64_t cols);

#endif
