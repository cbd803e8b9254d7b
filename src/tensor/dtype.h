/*
 * Element types: what a stored number is. Names and meanings are safetensors' (and, where they exist, the
 * hardware's); those of the block formats are GGUF's.
 *
 * F4_E2M1 is half a byte: element 2b in the low nibble of byte b, 2b + 1 in the high (the order of
 * safetensors' MXFP4).
 */
#ifndef TENSOR_DTYPE_H
#define TENSOR_DTYPE_H

#include <stdbool.h>
#include <stdint.h>

enum dtype {
    DTYPE_F32,
    DTYPE_F16,
    DTYPE_BF16,
    DTYPE_F64,
    DTYPE_F8_E4M3, /* FN: no infinity, NaN 0x7f and 0xff, largest 448 */
    DTYPE_F8_E5M2, /* the upper byte of an f16 */
    DTYPE_F8_E8M0, /* a power of two, 2^(x - 127); NaN 255; only as a scale */
    DTYPE_F4_E2M1, /* 0 .5 1 1.5 2 3 4 6 and negatives; only with a scale plane */
    DTYPE_BOOL,
    DTYPE_I8,
    DTYPE_U8,
    DTYPE_I16,
    DTYPE_U16,
    DTYPE_I32,
    DTYPE_U32,
    DTYPE_I64,
    DTYPE_U64,
    /* block formats (tensor/blocks/), GGUF's; from here on dtype_is_block */
    DTYPE_Q8_0,
    DTYPE_Q4_0,
    DTYPE_Q4_1,
    DTYPE_Q5_0,
    DTYPE_Q5_1,
    DTYPE_Q2_K,
    DTYPE_Q3_K,
    DTYPE_Q4_K,
    DTYPE_Q5_K,
    DTYPE_Q6_K,
    DTYPE_IQ4_NL,
    DTYPE_IQ4_XS,
    DTYPE_MXFP4, /* GGUF's order of nibbles: not safetensors' */
    DTYPE_COUNT,
};

enum { DTYPE_PLAIN_COUNT = DTYPE_Q8_0 }; /* the types before the blocks: those that safetensors knows */

const char *dtype_name(enum dtype dtype);                /* "BF16", as safetensors spells it; or "Q8_0" */
bool dtype_from_name(const char *name, enum dtype *out); /* safetensors' spelling, exactly; no blocks */
/* Is it stored in blocks, with its scales inside? */
static inline bool dtype_is_block(enum dtype dtype) {
    return dtype >= DTYPE_Q8_0 && dtype < DTYPE_COUNT;
}
/* Elements and bytes of one unit: 32 and 34 for Q8_0, 1 and 4 for F32, 2 and 1 for F4_E2M1. */
void dtype_unit(enum dtype dtype, int64_t *elements, int64_t *bytes);
int dtype_bits(enum dtype dtype);       /* 4 for F4_E2M1; 0 for blocks */
bool dtype_is_weight(enum dtype dtype); /* a type that weights may have: floating, or blocks */
/* Of `count` elements; false on overflow, and on what is no whole number of units. */
bool dtype_bytes(enum dtype dtype, int64_t count, int64_t *out);

/* One element to f32, exactly where f32 can hold it (f64 rounds to nearest even). These scalar functions are
 * the definition. */
float f16_to_f32(uint16_t bits);
uint16_t f16_from_f32(float value); /* nearest even; overflow to infinity; subnormals kept */
float bf16_to_f32(uint16_t bits);
uint16_t bf16_from_f32(float value); /* nearest even; NaN made quiet */
float f8_e4m3_to_f32(uint8_t bits);
uint8_t f8_e4m3_from_f32(float value); /* nearest even; clamps at 448; NaN stays */
float f8_e5m2_to_f32(uint8_t bits);
float f8_e8m0_to_f32(uint8_t bits);
float f4_e2m1_to_f32(uint8_t code); /* 0..15 */

/* Element `index` of an array of any numeric dtype as f32 (f64 rounded, integers converted). */
float dtype_get(enum dtype dtype, const void *data, int64_t index);
/* `count` elements at once, from the first of a unit on. */
void dtype_to_f32(enum dtype dtype, const void *data, int64_t count, float *out);
/* f32 -> F32, F16, BF16, F64, F8_E4M3, or blocks that blocks/ can encode (count a multiple of the block). */
void dtype_from_f32(enum dtype dtype, const float *in, int64_t count, void *out);

#endif
