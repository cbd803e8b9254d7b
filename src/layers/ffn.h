/*
 * The feed-forward network, over a list: down(act(gate x) * up x) for each part on its own rows. Experts are
 * a long list, a dense layer or a shared expert a list of one.
 *
 * It goes through the parts' rows slice by slice, whole parts while they fit, so that what lies between the
 * products never outgrows FFN_SLICE bytes (or FFN_SLICE_ROWS rows) however many rows and however wide a
 * network. Parts need not be neighbours, nor in order: each is told its own place in the slice. No bit
 * depends on the cut.
 */
#ifndef LAYERS_FFN_H
#define LAYERS_FFN_H

#include "kernels/ops.h"
#include "model/spec.h"

#define FFN_SLICE      (52 << 20)
#define FFN_SLICE_ROWS 64

struct ffn_part {
    const struct weight *gate, *up, *down; /* gate: data NULL when the network is not gated */
    const float *gate_bias, *up_bias, *down_bias;
    int64_t row, count; /* its rows of x and out: [row, row + count) */
    int64_t steps;      /* the first so many of them are steps */
};

/* What backward needs, [rows of x, F] each, or none: then it lies in the slice and is forgotten with it. */
struct ffn_kept {
    struct rows gate, up; /* before the activation; not gated: up alone */
    struct rows inner;    /* behind it */
};
struct ffn_kept ffn_keep(struct exec *exec, const struct spec *spec, int64_t rows, int64_t width);

/* Room for one slice, and for the lists that go with it. Networks that run one after the other share it. */
struct ffn_slice {
    unsigned char *memory;
    int64_t bytes;
    struct ffn_piece *pieces; /* this thread's */
    struct product *products; /* this thread's */
};
/* Bytes that slices of `rows` rows take at most, width F inside. */
int64_t ffn_slice_bytes(const struct exec *exec, const struct spec *spec, int64_t rows, int64_t width);
/* For up to `parts` parts; the largest ffn_slice_bytes of those that will share it. */
struct ffn_slice ffn_slice_take(struct exec *exec, int64_t parts, int64_t bytes);

/* x, out [rows, D]; out may be x. Parts equal in all threads. x needs no room for its packed form. */
void ffn_forward(struct exec *exec, const struct spec *spec, const struct ffn_part *parts, int64_t count,
                 int64_t width, struct rows x, const struct ffn_slice *slice, const struct ffn_kept *kept,
                 struct rows out);

#endif
