/*
 * GGUF's numbers for element types: what each is called, how large its blocks are, and which of ours it is.
 *
 * Source: ggml-org/ggml include/ggml.h (enum ggml_type), and the gguf package's constants.py
 * (GGML_QUANT_SIZES). Numbers that were given up keep their names, for messages. Q8_1 and Q8_K are for
 * activations and stand in no file.
 */
#include "formats/gguf_parts.h"

static const struct {
    const char *name;
    int elements, bytes; /* of a block; 0: not known */
    enum dtype dtype;    /* DTYPE_COUNT: not decoded here */
} types[] = {
    [0] = { "F32", 1, 4, DTYPE_F32 },
    [1] = { "F16", 1, 2, DTYPE_F16 },
    [2] = { "Q4_0", 32, 18, DTYPE_Q4_0 },
    [3] = { "Q4_1", 32, 20, DTYPE_Q4_1 },
    [4] = { "Q4_2", 0, 0, DTYPE_COUNT },
    [5] = { "Q4_3", 0, 0, DTYPE_COUNT },
    [6] = { "Q5_0", 32, 22, DTYPE_Q5_0 },
    [7] = { "Q5_1", 32, 24, DTYPE_Q5_1 },
    [8] = { "Q8_0", 32, 34, DTYPE_Q8_0 },
    [9] = { "Q8_1", 0, 0, DTYPE_COUNT },
    [10] = { "Q2_K", 256, 84, DTYPE_Q2_K },
    [11] = { "Q3_K", 256, 110, DTYPE_Q3_K },
    [12] = { "Q4_K", 256, 144, DTYPE_Q4_K },
    [13] = { "Q5_K", 256, 176, DTYPE_Q5_K },
    [14] = { "Q6_K", 256, 210, DTYPE_Q6_K },
    [15] = { "Q8_K", 0, 0, DTYPE_COUNT },
    [16] = { "IQ2_XXS", 256, 66, DTYPE_COUNT },
    [17] = { "IQ2_XS", 256, 74, DTYPE_COUNT },
    [18] = { "IQ3_XXS", 256, 98, DTYPE_COUNT },
    [19] = { "IQ1_S", 256, 50, DTYPE_COUNT },
    [20] = { "IQ4_NL", 32, 18, DTYPE_IQ4_NL },
    [21] = { "IQ3_S", 256, 110, DTYPE_COUNT },
    [22] = { "IQ2_S", 256, 82, DTYPE_COUNT },
    [23] = { "IQ4_XS", 256, 136, DTYPE_IQ4_XS },
    [24] = { "I8", 1, 1, DTYPE_I8 },
    [25] = { "I16", 1, 2, DTYPE_I16 },
    [26] = { "I32", 1, 4, DTYPE_I32 },
    [27] = { "I64", 1, 8, DTYPE_I64 },
    [28] = { "F64", 1, 8, DTYPE_F64 },
    [29] = { "IQ1_M", 256, 56, DTYPE_COUNT },
    [30] = { "BF16", 1, 2, DTYPE_BF16 },
    [31] = { "Q4_0_4_4", 0, 0, DTYPE_COUNT },
    [32] = { "Q4_0_4_8", 0, 0, DTYPE_COUNT },
    [33] = { "Q4_0_8_8", 0, 0, DTYPE_COUNT },
    [34] = { "TQ1_0", 256, 54, DTYPE_COUNT },
    [35] = { "TQ2_0", 256, 66, DTYPE_COUNT },
    [36] = { "IQ4_NL_4_4", 0, 0, DTYPE_COUNT },
    [37] = { "IQ4_NL_4_8", 0, 0, DTYPE_COUNT },
    [38] = { "IQ4_NL_8_8", 0, 0, DTYPE_COUNT },
    [39] = { "MXFP4", 32, 17, DTYPE_MXFP4 },
    [40] = { "NVFP4", 64, 36, DTYPE_COUNT },
    [41] = { "Q1_0", 128, 18, DTYPE_COUNT },
};

enum { TYPES = sizeof types / sizeof *types };

const char *gguf_type_name(uint32_t id) {
    return id < TYPES ? types[id].name : NULL;
}

bool gguf_type_unit(uint32_t id, int64_t *elements, int64_t *bytes) {
    if (id >= TYPES || types[id].elements == 0) return false;
    *elements = types[id].elements;
    *bytes = types[id].bytes;
    return true;
}

bool gguf_dtype_of(uint32_t id, enum dtype *dtype) {
    if (id >= TYPES || types[id].dtype == DTYPE_COUNT) return false;
    *dtype = types[id].dtype;
    return true;
}

bool gguf_type_of(enum dtype dtype, uint32_t *id) {
    for (uint32_t i = 0; i < TYPES && dtype != DTYPE_COUNT; i++) {
        if (types[i].dtype != dtype) continue;
        *id = i;
        return true;
    }
    return false;
}
