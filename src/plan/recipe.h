/*
 * Recipes: which type each tensor of a model is stored in. A plain recipe has one type for the matrices and
 * F32 for what every format keeps so; a mixed one chooses by tensor and layer.
 */
#ifndef PLAN_RECIPE_H
#define PLAN_RECIPE_H

#include "model/slots.h"
#include "tensor/dtype.h"

enum mix {
    MIX_NONE,
    MIX_FLOAT8,
    MIX_MXFP4,
    MIX_MXFP4_BF16,
    MIX_Q3_K_M,
    MIX_Q4_K_S,
    MIX_Q4_K_M,
    MIX_Q5_K_M,
    MIX_PACKED, /* codes of `packing`, the rest in `dtype`: what others publish, and only plan counts */
};

struct packing {   /* of a row: codes, and beside each group of them a scale and perhaps a zero point */
    int bits;      /* of a code */
    int64_t group; /* codes under one scale; 0: the whole row */
    int scale_bits, zero_bits;
};

struct recipe {
    const char *name; /* "q4_k_m", as --dtype spells it */
    enum dtype dtype; /* of most matrices; MIX_PACKED: of what is not packed */
    enum mix mix;
    unsigned kept; /* MIX_FLOAT8 and MIX_PACKED: parts that stay wide, a bit for each enum part */
    struct packing packing;
    bool ffn_as_experts; /* of a dense twin: its FFNs are stored as the experts they stand for */
};

extern const struct recipe recipes[]; /* name NULL behind the last */
const struct recipe *recipe_find(const char *name);
const char *recipe_nearest(const char *name); /* or NULL */

/* The type of a slot with rows of `cols` elements, and what its scales beside take. */
enum dtype recipe_dtype(const struct recipe *recipe, const struct spec *spec, int64_t layer, enum slot slot,
                        int64_t cols);

/* Bytes of one slot (of one expert, for an expert's slot), scales included; 0 where the layer lacks it or the
 * head is the table. False on overflow. */
bool recipe_slot_bytes(const struct recipe *recipe, const struct spec *spec, int64_t layer, enum slot slot,
                       int64_t *bytes);

/* Of the whole model, as stored. */
SY_MUST_CHECK bool recipe_bytes(const struct recipe *recipe, const struct spec *spec, int64_t *bytes,
                                struct sy_error *err);

#endif
