/*
 * Where the weights of a plan come from: a recipe, or a checkpoint's headers. Sizes by slot either way.
 */
#ifndef PLAN_WEIGHTS_H
#define PLAN_WEIGHTS_H

#include "model/bind.h"
#include "plan/recipe.h"

struct weights {
    const struct spec *spec;
    const struct recipe *recipe; /* NULL: as stored in `model`, or all of `stored` */
    const struct model *model;   /* an opened checkpoint, or NULL */
};

const char *weights_name(const struct weights *weights); /* "q4_k", "as stored" */

/* Of one slot, of one expert for an expert's (the mean of all where they differ), scales included. */
bool weights_slot_bytes(const struct weights *weights, int64_t layer, enum slot slot, int64_t *bytes);

/* Everything that is stored. */
SY_MUST_CHECK bool weights_bytes(const struct weights *weights, int64_t *bytes, struct sy_error *err);

#endif
