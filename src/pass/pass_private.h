/* The insides of a pass, for the files of this folder alone. */
#ifndef PASS_PASS_PRIVATE_H
#define PASS_PASS_PRIVATE_H

#include "layers/ffn.h"
#include "layers/rows.h"
#include "pass/pass.h"

#define HEAD_ROWS                                                                                            \
    32 /* rows that go through the head together: bounds the logits held to this many times V                \
        */
#define ROPE_DIMS_MAX 8192

struct step { /* the rows of a batch on their way; T rows of D */
    float *h, *normed, *branch;
    float *cos, *sin;   /* [T, rope dims / 2] */
    float *frequencies; /* [rope dims / 2], this thread's */
    float *tune;        /* [T] or NULL */
};

struct head_scratch {
    float *x, *rounded, *logits; /* HEAD_ROWS of D, D, V */
};

struct pass {
    const struct store *store;
    const struct kernels *kernels;
    struct numerics numerics;
    struct pass_limits limits;
    struct team_pool *team;
    unsigned char *memory;
    int64_t memory_bytes;

    /* the batch in hand, prepared before the team starts */
    const struct batch_row *rows;
    int32_t *tokens;      /* [T] */
    int64_t *positions;   /* [T] */
    struct row_run *runs; /* [run_count] */
    int64_t *logit_rows;  /* [logit_count] rows that want logits, ascending */
    int64_t count, run_count, logit_count;
    int64_t steps, logit_steps; /* of the rows, and of those that want logits: the first so many are steps */
    bool wants_routing;
    const struct pass_sink *sink;
    struct moe_stats *stats;
    struct stage_times *times; /* NULL: nobody asks */

    /* written by rank 0 between barriers, read by all after one */
    bool failed;
    bool nonfinite;
    struct sy_error error;
};

struct step step_take(struct exec *exec, const struct spec *spec, int64_t rows);
struct ffn_scratch dense_scratch_take(struct exec *exec, const struct spec *spec, int64_t rows,
                                      int64_t width);
struct head_scratch head_scratch_take(struct exec *exec, const struct spec *spec);

#endif
