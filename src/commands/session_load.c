#include "commands/session_load.h"

#include "base/checked.h"
#include "moe/router.h"

#include <stdlib.h>
#include <string.h>

bool session_load_open(const struct session *session, struct session_load *load, struct sy_error *err) {
    const struct spec *spec = &session->model.spec;
    struct expert_table *t = &load->table;
    int64_t cells;
    *load = (struct session_load){ .table = { .experts = session->stats.experts } };
    t->chosen = t->experts > 0 ? router_choices(&spec->router) : 0;
    load->layer_of = calloc((size_t)spec->decoder.layer_count + 1, sizeof *load->layer_of);
    for (int64_t l = 0; load->layer_of && l < spec->decoder.layer_count; l++)
        if (spec->decoder.layers[l].ffn == FFN_MOE) load->layer_of[t->layers++] = l;
    if (size_mul(t->layers, t->experts, &cells))
        load->counts = calloc((size_t)cells + 1, sizeof *load->counts);
    t->layer_of = load->layer_of;
    t->counts = load->counts;
    if (load->layer_of && load->counts) return true;
    session_load_close(load);
    return sy_fail(err, SY_ERR_MEMORY, "no memory for the load of %lld experts",
                   (long long)session->stats.experts);
}

void session_load_read(const struct session *session, struct session_load *load) {
    const struct moe_stats *stats = &session->stats;
    struct expert_table *t = &load->table;
    for (int64_t i = 0; i < t->layers; i++) {
        memcpy(load->counts + i * t->experts, stats->load + load->layer_of[i] * stats->experts,
               (size_t)t->experts * sizeof *load->counts);
        t->tokens = max_i64(t->tokens, stats->tokens[load->layer_of[i]]);
    }
}

void session_load_close(struct session_load *load) {
    free(load->layer_of);
    free(load->counts);
    *load = (struct session_load){ .layer_of = NULL };
}
