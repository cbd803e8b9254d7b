/*
 * The steps of binding, between its files: census.c finds who claims each tensor, views.c checks a claim and
 * reads it as a weight, bind.c puts the weights into their slots. Inside model/ only.
 */
#ifndef MODEL_CLAIMS_H
#define MODEL_CLAIMS_H

#include "model/bind.h"

struct claim { /* one slot served by one tensor (half of it, where the layout has two) */
    const struct tensor *tensor;
    const struct tensor *scales; /* beside it; NULL: none */
    const struct tensor_rule *rule;
    enum slot slot;
    bool second;           /* the other half */
    int64_t layer, expert; /* -1: of the model; all experts in one tensor */
};

struct claims {
    struct claim *list;
    int64_t count;
};

#define PLANE_SUFFIX "_scale_inv" /* what the scales of a float8 tensor are called beside it */

/* Every tensor is claimed, ignored, or refused by name. Claims go to `scratch`, the census to `arena`. */
SY_MUST_CHECK bool census_take(const struct family *family, const struct spec *spec,
                               const struct checkpoint *checkpoint, unsigned flags, struct arena *scratch,
                               struct arena *arena, struct claims *claims, struct census *census,
                               struct sy_error *err);

/* The tensor of a slot of the model (layer -1); NULL: none. */
const struct tensor *tensor_of_slot(const struct family *family, const struct checkpoint *checkpoint,
                                    enum slot slot);

/* Does the claimed tensor have the shape and dtype that the slot asks for, and its scales theirs? */
SY_MUST_CHECK bool view_check(const struct family *family, const struct spec *spec, const struct claim *claim,
                              struct sy_error *err);
/* The same, but that types that are not read pass: for a model that is only described. */
SY_MUST_CHECK bool view_check_described(const struct family *family, const struct spec *spec,
                                        const struct claim *claim, struct sy_error *err);

/* The weight of a claim that view_check passed; `expert` picks one out of a tensor that holds all. Of a type
 * that is not read: its bytes, as many a row. */
struct weight view_make(const struct spec *spec, const struct claim *claim, int64_t expert);

bool layout_is_pair(enum layout layout);

bool is_float8(enum dtype dtype); /* the types that may have a scale plane */

/* The shape of the tensor that serves `slot` in this layout (all experts in one: `fused`). Returns the
 * rank. */
int layout_shape(const struct spec *spec, int64_t layer, enum slot slot, enum layout layout, bool fused,
                 int64_t shape[TENSOR_RANK_MAX]);

#endif
