/* The insides of a pass, for the files of this folder alone. */
#ifndef PASS_PASS_PRIVATE_H
#define PASS_PASS_PRIVATE_H

#include "pass/batch.h"

struct pass {
    struct store *store;
    const struct kernels *kernels;
    struct numerics numerics;
    struct pass_limits limits;
    struct team_pool *team;
    unsigned char *memory;
    int64_t memory_bytes;
    struct moe_stats *stats;   /* NULL: nobody counts */
    struct stage_times *times; /* NULL: nobody asks */

    /* of the batch in hand, set before the team starts */
    struct batch_rows batch;
    const struct pass_sink *sink;

    /* written by rank 0 between barriers, read by all after one */
    bool go_on; /* no sink has refused, no logit was NaN */
    bool nonfinite;
    struct sy_error error;
};

#endif
