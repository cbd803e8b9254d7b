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

/*
 * Room for a slice of the rows: ffn_forward goes through the parts' rows slice by slice, whole parts while
 * they fit, so that what lies between the products never outgrows FFN_SLICE bytes (or FFN_SLICE_ROWS rows)
 * however many rows and however wide a network. No bit depends on the cut.
 */
#define FFN_SLICE      (64 << 20)
#define FFN_SLICE_ROWS 64

struct ffn_scratch {
    float *memory;
    int64_t count;           /* floats of it */
    struct ffn_part *slice;  /* this thread's */
    struct matmul_job *jobs; /* this thread's */
};

/* Floats that one slice of `rows` rows takes at most, width F inside. */
int64_t ffn_scratch_count(const struct numerics *numerics, const struct spec *spec, int64_t rows,
                          int64_t width);
/* For up to `parts` parts; the largest ffn_scratch_count of those that will share it. */
struct ffn_scratch ffn_scratch_take(struct exec *exec, int64_t parts, int64_t count);

/* x, out [rows, D] packed; out may be x. Parts equal in all threads. */
void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, const float *x, struct ffn_scratch *scratch, float *out);

#endif
