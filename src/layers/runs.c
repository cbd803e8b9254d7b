/* For one layer: where rows go in the cache, and which pages runs attend (layers/runs.h). */
#include "layers/runs.h"

struct run_table run_table_take(struct exec *exec, int64_t rows) {
    struct run_table t;
    t.runs = exec_table(exec, struct attention_run, rows); /* no run is empty */
    t.key = exec_table(exec, void *, rows);
    t.value = exec_table(exec, void *, rows);
    return t;
}

struct attention_run run_attended(const struct row_run *run, int64_t layer, bool latent) {
    return (struct attention_run){ .row = run->row,
                                   .count = run->count,
                                   .position = run->position,
                                   .pages = kv_pages(run->sequence, layer),
                                   .expand = latent && !run->steps };
}

void run_table_fill(struct run_table *table, const struct row_map *map, int64_t layer, bool latent) {
    for (int64_t r = 0; r < map->run_count; r++) {
        const struct row_run *run = &map->runs[r];
        table->runs[r] = run_attended(run, layer, latent);
        for (int64_t i = 0; i < run->count; i++) {
            table->key[run->row + i] = kv_key(run->sequence, layer, run->position + i);
            table->value[run->row + i] = kv_value(run->sequence, layer, run->position + i);
        }
    }
}

struct product layer_product(const struct store *store, int64_t layer, enum slot weight, enum slot bias,
                             struct rows x, struct rows out) {
    return (struct product){ store_weight(store, layer, weight), store_vector(store, layer, bias), x, out };
}

void window_of(const struct layer_spec *layer, struct attention_op *op) {
    op->window = layer->window == WINDOW_SLIDING ? layer->window_size : 0;
    op->chunk = layer->window == WINDOW_CHUNKED ? layer->window_size : 0;
}
