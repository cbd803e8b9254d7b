/*
 * How a flat batch lies: runs of rows that follow one another in one sequence. Made once a pass, read by
 * every layer, the router's among them: what lets tokens compete, or draws for them, needs to know their
 * sequences.
 *
 * A layer that only some tokens take part in gets a map of its own, with the runs of those.
 */
#ifndef LAYERS_ROW_MAP_H
#define LAYERS_ROW_MAP_H

#include "kernels/ops.h"
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
    struct rope_table rope; /* [T, rope dims / 2] */
    struct rows tune;       /* [T, 1] factor of queries on NoPE layers; or none */
};

/* Only how many rows: for what computes sizes. */
static inline struct row_map row_map_of(int64_t rows) {
    return (struct row_map){ .count = rows };
}

/* Rows of a map in step memory. */
static inline struct rows map_rows(struct exec *exec, const struct row_map *map, int64_t width) {
    return exec_rows(exec, map->count, width, map->steps);
}
/* On the tape, where there is one. */
static inline struct rows map_keep(struct exec *exec, const struct row_map *map, int64_t width) {
    return exec_keep(exec, map->count, width, map->steps);
}

#endif
