#include "commands/talk/expert_load.h"

#include "base/checked.h"

#include <stdlib.h>

static bool count_cells(const struct sy_facts *facts, int64_t *cells) {
    return size_mul(facts->moe_layers, facts->experts, cells) && size_add(*cells, 1, cells);
}

bool expert_load_bytes(const struct sy_facts *facts, int64_t *bytes) {
    const struct expert_load *load = NULL;
    int64_t cells;
    return count_cells(facts, &cells) && size_mul(cells, (int64_t)sizeof *load->counts, bytes);
}

bool expert_load_open(const struct sy_facts *facts, struct expert_load *load, struct sy_error *err) {
    int64_t cells;
    *load = (struct expert_load){ .layers = facts->moe_layers, .experts = facts->experts };
    if (count_cells(facts, &cells)) load->counts = calloc((size_t)cells, sizeof *load->counts);
    return load->counts ||
           sy_fail(err, SY_ERR_MEMORY, "no memory for the load of %lld experts", (long long)facts->experts);
}

void expert_load_close(struct expert_load *load) {
    free(load->counts);
    *load = (struct expert_load){ 0 };
}

void expert_load_read(struct expert_load *load, const struct sy_engine *engine) {
    for (int64_t i = 0; i < load->layers; i++)
        sy_engine_experts(engine, i, load->counts + i * load->experts, load->experts, NULL);
}

const int64_t *expert_load_layer(const struct expert_load *load, int64_t moe_layer) {
    return load->counts + moe_layer * load->experts;
}
