/*
 * Element types: their names and sizes. The numbers themselves are decoded in dtype_float.c, those of block
 * formats in blocks/.
 */
#include "tensor/dtype.h"

#include "base/checked.h"
#include "tensor/blocks/blocks.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    int bits; /* 0: stored in blocks, see block_format_of */
    bool is_weight;
} dtypes[DTYPE_COUNT] = {
    [DTYPE_F32] = { "F32", 32, true },         [DTYPE_F16] = { "F16", 16, true },
    [DTYPE_BF16] = { "BF16", 16, true },       [DTYPE_F64] = { "F64", 64, true },
    [DTYPE_F8_E4M3] = { "F8_E4M3", 8, true },  [DTYPE_F8_E5M2] = { "F8_E5M2", 8, true },
    [DTYPE_F8_E8M0] = { "F8_E8M0", 8, false }, [DTYPE_F4_E2M1] = { "F4", 4, true },
    [DTYPE_BOOL] = { "BOOL", 8, false },       [DTYPE_I8] = { "I8", 8, false },
    [DTYPE_U8] = { "U8", 8, false },           [DTYPE_I16] = { "I16", 16, false },
    [DTYPE_U16] = { "U16", 16, false },        [DTYPE_I32] = { "I32", 32, false },
    [DTYPE_U32] = { "U32", 32, false },        [DTYPE_I64] = { "I64", 64, false },
    [DTYPE_U64] = { "U64", 64, false },        [DTYPE_Q8_0] = { "Q8_0", 0, true },
    [DTYPE_Q4_0] = { "Q4_0", 0, true },        [DTYPE_Q4_1] = { "Q4_1", 0, true },
    [DTYPE_Q5_0] = { "Q5_0", 0, true },        [DTYPE_Q5_1] = { "Q5_1", 0, true },
    [DTYPE_Q2_K] = { "Q2_K", 0, true },        [DTYPE_Q3_K] = { "Q3_K", 0, true },
    [DTYPE_Q4_K] = { "Q4_K", 0, true },        [DTYPE_Q5_K] = { "Q5_K", 0, true },
    [DTYPE_Q6_K] = { "Q6_K", 0, true },        [DTYPE_IQ4_NL] = { "IQ4_NL", 0, true },
    [DTYPE_IQ4_XS] = { "IQ4_XS", 0, true },    [DTYPE_MXFP4] = { "MXFP4", 0, true },
};

const char *dtype_name(enum dtype dtype) {
    assert((unsigned)dtype < DTYPE_COUNT);
    return dtypes[dtype].name;
}

bool dtype_from_name(const char *name, enum dtype *out) {
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (!dtype_is_block((enum dtype)i) && strcmp(dtypes[i].name, name) == 0) {
            *out = (enum dtype)i;
            return true;
        }
    }
    return false;
}

int dtype_bits(enum dtype dtype) {
    assert((unsigned)dtype < DTYPE_COUNT);
    return dtypes[dtype].bits;
}

bool dtype_is_weight(enum dtype dtype) {
    assert((unsigned)dtype < DTYPE_COUNT);
    return dtypes[dtype].is_weight;
}

void dtype_unit(enum dtype dtype, int64_t *elements, int64_t *bytes) {
    const struct block_format *format = block_format_of(dtype);
    int bits = dtype_bits(dtype);
    *elements = format ? format->elements : bits < 8 ? 2 : 1;
    *bytes = format ? format->bytes : bits < 8 ? 1 : bits / 8;
}

bool dtype_bytes(enum dtype dtype, int64_t count, int64_t *out) {
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    return count >= 0 && count % elements == 0 && size_mul(count / elements, bytes, out);
}
