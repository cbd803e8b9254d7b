/*
 * Parameters of a model, as a planner wants them.
 */
#ifndef PLAN_PARAMETERS_H
#define PLAN_PARAMETERS_H

#include "model/slots.h"

struct plan_parameters {
    struct param_count count;          /* total, active, without the table; by part (in all) */
    int64_t active_part[PART_COUNT];   /* by part, acting on one token */
    int64_t mtp;                       /* of modules for multi-token prediction; not in the total */
    int64_t moe_layers, dense_layers;  /* of both stacks */
    int64_t expert;                    /* one expert */
    int64_t dense_active, dense_total; /* a dense model of equal active size, and of equal total size */
    int64_t active_width, total_width; /* their FFN widths, all else alike (dense_twin) */
};

SY_MUST_CHECK bool plan_parameters(const struct spec *spec, struct plan_parameters *out,
                                   struct sy_error *err);

int64_t plan_moe_layers(const struct spec *spec);

/* The same model with experts replaced by one dense FFN: of the width that acts on a token, or of all. In the
 * arena. */
SY_MUST_CHECK bool dense_twin(const struct spec *spec, bool total, struct arena *arena, struct spec *out,
                              struct sy_error *err);

#endif
