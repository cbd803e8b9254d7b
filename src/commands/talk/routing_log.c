#include "commands/talk/routing_log.h"

#include "base/checked.h"
#include <math.h>
#include <stdlib.h>

/* Elements of the parts that grow; false where they are more than can be counted. */
static bool count_elements(const struct sy_facts *facts, int64_t ids, int64_t *choices, int64_t *loads) {
    return size_mul(facts->moe_layers, facts->experts_per_token, choices) &&
           size_mul(*choices, ids, choices) && size_mul(facts->moe_layers, facts->experts, loads);
}

bool routing_log_bytes(const struct sy_facts *facts, int64_t ids, int64_t *bytes) {
    const struct routing_log *log = NULL;
    int64_t choices, loads, last = facts->moe_layers * facts->experts_per_token + 1;
    return count_elements(facts, ids, &choices, &loads) &&
           size_mul_add(choices + 1, sizeof *log->ids, last * (int64_t)sizeof *log->last, bytes) &&
           size_mul_add(loads + 1, sizeof *log->load, *bytes, bytes) &&
           size_mul_add(facts->moe_layers + 1, sizeof *log->layer_of, *bytes, bytes) &&
           size_mul_add(facts->layers + 1, sizeof *log->index_of, *bytes, bytes);
}

static bool take_room(struct routing_log *log, const struct sy_facts *facts, struct sy_error *err) {
    int64_t choices, loads;
    if (!count_elements(facts, log->room, &choices, &loads))
        return sy_fail(err, SY_ERR_LIMIT, "the routing of %lld ids is too large", (long long)log->room);
    log->layer_of = calloc((size_t)log->layers + 1, sizeof *log->layer_of);
    log->index_of = calloc((size_t)facts->layers + 1, sizeof *log->index_of);
    log->ids = calloc((size_t)choices + 1, sizeof *log->ids);
    log->last = calloc((size_t)(log->layers * log->most) + 1, sizeof *log->last);
    log->load = calloc((size_t)loads + 1, sizeof *log->load);
    if (log->layer_of && log->index_of && log->ids && log->last && log->load) return true;
    routing_log_close(log);
    return sy_fail(err, SY_ERR_MEMORY, "no memory for the routing of %lld ids", (long long)log->room);
}

bool routing_log_open(const struct sy_facts *facts, int64_t ids, struct routing_log *log,
                      struct sy_error *err) {
    *log = (struct routing_log){
        .layers = facts->moe_layers,
        .experts = facts->experts,
        .most = facts->experts_per_token,
        .room = ids,
    };
    if (!take_room(log, facts, err)) return false;
    for (int64_t l = 0; l < facts->layers; l++) log->index_of[l] = -1;
    for (int64_t i = 0; i < facts->moe_layers; i++) {
        log->layer_of[i] = facts->moe_layer[i];
        log->index_of[facts->moe_layer[i]] = i;
    }
    return true;
}

void routing_log_close(struct routing_log *log) {
    free(log->layer_of);
    free(log->index_of);
    free(log->ids);
    free(log->last);
    free(log->load);
    *log = (struct routing_log){ 0 };
}

void routing_log_add(struct routing_log *log, int64_t index, int64_t layer, const int32_t *ids,
                     const float *weights, int64_t n) {
    int64_t moe = log->index_of[layer];
    int32_t *choice = log->ids + (index * log->layers + moe) * log->most;
    float *last = log->last + moe * log->most;
    for (int64_t k = 0; k < log->most; k++) {
        choice[k] = k < n ? ids[k] : -1;
        last[k] = k < n ? weights[k] : 0;
        if (k < n) log->load[moe * log->experts + ids[k]]++;
    }
    log->count = max_i64(log->count, index + 1);
}

const int32_t *routing_log_choice(const struct routing_log *log, int64_t index, int64_t moe_layer) {
    return log->ids + (index * log->layers + moe_layer) * log->most;
}

double routing_log_evenness(const struct routing_log *log, int64_t moe_layer) {
    const int64_t *load = log->load + moe_layer * log->experts;
    double sum = 0, entropy = 0;
    for (int64_t e = 0; e < log->experts; e++) sum += (double)load[e];
    for (int64_t e = 0; e < log->experts; e++)
        if (load[e] > 0) entropy -= (double)load[e] / sum * log2((double)load[e] / sum);
    return log->experts > 1 ? entropy / log2((double)log->experts) : 1;
}
