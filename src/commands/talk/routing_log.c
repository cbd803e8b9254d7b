#include "commands/talk/routing_log.h"

#include "base/checked.h"
#include <stdlib.h>

/* False where they are more than can be counted. */
static bool count_choices(const struct sy_facts *facts, int64_t ids, int64_t *choices) {
    return size_mul(facts->moe_layers, facts->experts_per_token, choices) && size_mul(*choices, ids, choices);
}

bool routing_log_bytes(const struct sy_facts *facts, int64_t ids, bool every, int64_t *bytes) {
    const struct routing_log *log = NULL;
    int64_t choices, last = facts->moe_layers * facts->experts_per_token + 1,
                     a_choice = (int64_t)(sizeof *log->ids + (every ? sizeof *log->every : 0));
    return count_choices(facts, ids, &choices) &&
           size_mul_add(choices + 1, a_choice, last * (int64_t)sizeof *log->last, bytes) &&
           size_mul_add(facts->moe_layers + 1, sizeof *log->layer_of, *bytes, bytes) &&
           size_mul_add(facts->layers + 1, sizeof *log->index_of, *bytes, bytes);
}

static bool take_room(struct routing_log *log, const struct sy_facts *facts, bool every,
                      struct sy_error *err) {
    int64_t choices;
    if (!count_choices(facts, log->room, &choices))
        return sy_fail(err, SY_ERR_LIMIT, "the routing of %lld ids is too large", (long long)log->room);
    log->layer_of = calloc((size_t)log->layers + 1, sizeof *log->layer_of);
    log->index_of = calloc((size_t)facts->layers + 1, sizeof *log->index_of);
    log->ids = calloc((size_t)choices + 1, sizeof *log->ids);
    log->last = calloc((size_t)(log->layers * log->most) + 1, sizeof *log->last);
    if (every) log->every = calloc((size_t)choices + 1, sizeof *log->every);
    if (log->layer_of && log->index_of && log->ids && log->last && (log->every || !every)) return true;
    routing_log_close(log);
    return sy_fail(err, SY_ERR_MEMORY, "no memory for the routing of %lld ids", (long long)log->room);
}

bool routing_log_open(const struct sy_facts *facts, int64_t ids, bool every, struct routing_log *log,
                      struct sy_error *err) {
    *log = (struct routing_log){
        .layers = facts->moe_layers,
        .most = facts->experts_per_token,
        .room = ids,
    };
    if (!take_room(log, facts, every, err)) return false;
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
    free(log->every);
    *log = (struct routing_log){ 0 };
}

void routing_log_add(struct routing_log *log, const struct sy_routed_row *row) {
    int64_t moe = log->index_of[row->layer];
    int32_t *choice = log->ids + (row->index * log->layers + moe) * log->most;
    float *last = log->last + moe * log->most;
    float *kept = log->every ? log->every + (choice - log->ids) : last;
    for (int64_t k = 0; k < log->most; k++) {
        choice[k] = k < row->count ? row->experts[k] : -1;
        last[k] = k < row->count ? row->weights[k] : 0;
        kept[k] = last[k];
    }
    log->count = max_i64(log->count, row->index + 1);
}

const int32_t *routing_log_choice(const struct routing_log *log, int64_t index, int64_t moe_layer) {
    return log->ids + (index * log->layers + moe_layer) * log->most;
}

const float *routing_log_weights(const struct routing_log *log, int64_t index, int64_t moe_layer) {
    return log->every + (index * log->layers + moe_layer) * log->most;
}
