/*
 * The feed-forward network, over a list: down(act(gate x) * up x) for each part on its own rows. Experts are
 * a long list, a dense layer or a shared expert a list of one.
 */
#ifndef LAYERS_FFN_H
#define LAYERS_FFN_H

#include "kernels/ops.h"
#include "model/spec.h"

struct ffn_part {
    const struct weight *gate, *up, *down; /* gate: data NULL when the network is not gated */
    const float *gate_bias, *up_bias, *down_bias;
    int64_t row, count; /* its rows of x and out: [row, row + count); parts follow one another */
    int64_t steps;      /* the first so many of them are steps */
};

struct ffn_scratch {
    float *gate, *up, *x_rounded, *inner_rounded;
    struct matmul_job *jobs; /* this thread's */
};

/* Room for `parts` parts that have `rows` rows together, width F inside. */
struct ffn_scratch ffn_scratch_take(struct exec *exec, const struct spec *spec, int64_t parts, int64_t rows,
                                    int64_t width);

/* x, out [rows, D] packed. Parts equal in all threads. */
void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, const float *x, struct ffn_scratch *scratch, float *out);

#endif
