/*
 * For one layer: where each row's key and value go, and which pages each run attends. Made by one thread,
 * read by all after a barrier.
 */
#ifndef LAYERS_RUNS_H
#define LAYERS_RUNS_H

#include "kernels/ops.h"
#include "layers/rows.h"

struct run_table {
    struct attention_run *runs; /* [run_count], in the order of the map's */
    void **key, **value;        /* [T]; latent: value is not used */
};

struct run_table run_table_take(struct exec *exec, int64_t rows);
/* latent: prompts are expanded, steps absorbed. */
void run_table_fill(struct run_table *table, const struct row_map *rows, int64_t layer, bool latent);

/* The layer's window, in the terms of an attention_op. */
void window_of(const struct layer_spec *layer, struct attention_op *op);

#endif
