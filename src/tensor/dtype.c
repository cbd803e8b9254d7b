/*
 * Element types: their names and sizes. The numbers themselves are decoded in dtype_float.c.
 */
#include "tensor/dtype.h"

#include "base/checked.h"

#include <assert.h>
#include <string.h>

static const struct {
    const char *name;
    int bits;
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
    [DTYPE_U64] = { "U64", 64, false },
};

const char *dtype_name(enum dtype dtype) {
    assert((unsigned)dtype < DTYPE_COUNT);
    return dtypes[dtype].name;
}

bool dtype_from_name(const char *name, enum dtype *out) {
    for (int i = 0; i < DTYPE_COUNT; i++) {
        if (strcmp(dtypes[i].name, name) == 0) {
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

bool dtype_bytes(enum dtype dtype, int64_t count, int64_t *out) {
    int bits = dtype_bits(dtype);
    if (bits >= 8) return size_mul(count, bits / 8, out);
    if (count < 0 || count % 2 != 0) return false;
    *out = count / 2;
    return true;
}
