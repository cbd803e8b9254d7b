/*
 * How a flat batch lies: runs of rows that follow one another in one sequence. Made once a pass, read by
 * every layer.
 */
#ifndef LAYERS_ROWS_H
#define LAYERS_ROWS_H

#include "kv/kv.h"

struct row_run {
    int64_t row, count, position; /* rows [row, row + count) are positions [position, position + count) */
    struct kv_sequence *sequence;
    bool steps; /* role step; else prompt */
};

struct row_map {
    int64_t count; /* T */
    int64_t steps; /* rows [0, steps) are steps, the others prompts */
    const struct row_run *runs;
    int64_t run_count;
    const float *cos, *sin; /* [T, rope dims / 2] */
    const float *tune;      /* [T] factor of queries on NoPE layers, or NULL */
};

#endif
