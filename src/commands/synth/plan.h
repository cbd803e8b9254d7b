/*
 * What a synthetic checkpoint consists of: the tensors that the family publishes, each with its type and how
 * its weights are drawn. Matrices have a standard deviation of 1 / sqrt(inputs), so that activations keep
 * their size; norms lie around 1.
 */
#ifndef COMMANDS_SYNTH_PLAN_H
#define COMMANDS_SYNTH_PLAN_H

#include "commands/synth/weights.h"
#include "model/bind.h"

struct synth_options {
    enum dtype dtype; /* F32, F16, BF16, or F8_E4M3: linear layers in float8, the rest in BF16 */
    bool mxfp4;       /* experts in MXFP4 */
    uint64_t seed;
};

struct synth_plan {
    struct synth_tensor *tensors; /* in the arena */
    int64_t count;
    int64_t bytes;
    const char **plain; /* float8: modules that stay as they are, for the config */
    int64_t plain_count;
    int64_t scale_rows, scale_cols;
};

SY_MUST_CHECK bool synth_plan(const struct family *family, const struct spec *spec,
                              const struct synth_options *options, struct arena *arena,
                              struct synth_plan *plan, struct sy_error *err);

#endif
