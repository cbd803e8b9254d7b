/*
 * For one layer: where each row's key and value go, and which pages each run attends. Made by rank 0, read
 * by operations.
 */
#ifndef LAYERS_RUNS_H
#define LAYERS_RUNS_H

#include "layers/row_map.h"
#include "store/store.h"

struct run_table {
    struct attention_run *runs; /* [run_count], in the order of the map's */
    void **key, **value;        /* [T]; latent: value is not used */
};

struct run_table run_table_take(struct exec *exec, int64_t rows);
/* latent: prompts are expanded, steps absorbed. */
void run_table_fill(struct run_table *table, const struct row_map *map, int64_t layer, bool latent);
/* One of its runs: for who looks at it outside of operations. */
struct attention_run run_attended(const struct row_run *run, int64_t layer, bool latent);

/* out = x times a matrix of the layer, plus its bias where it has one. */
struct product layer_product(const struct store *store, int64_t layer, enum slot weight, enum slot bias,
                             struct rows x, struct rows out);

/* The layer's window, in the terms of an attention_op. */
void window_of(const struct layer_spec *layer, struct attention_op *op);

#endif
