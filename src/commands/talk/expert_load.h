/*
 * How often each expert of each MoE layer was chosen, for a report: the counters of an engine, copied.
 */
#ifndef COMMANDS_TALK_EXPERT_LOAD_H
#define COMMANDS_TALK_EXPERT_LOAD_H

#include "base/error.h"
#include <stdint.h>
#include <switchyard.h>

struct expert_load {
    int64_t layers, experts; /* MoE layers */
    int64_t *counts;         /* [layers][experts] */
};

/* Bytes that it takes; false where they are more than can be counted. */
SY_MUST_CHECK bool expert_load_bytes(const struct sy_facts *facts, int64_t *bytes);
/* All zeros. A model without MoE layers gives an empty one. */
SY_MUST_CHECK bool expert_load_open(const struct sy_facts *facts, struct expert_load *load,
                                    struct sy_error *err);
void expert_load_close(struct expert_load *load);

/* What the engine has counted since it was opened: of one that was opened for a run, what that run did. */
void expert_load_read(struct expert_load *load, const struct sy_engine *engine);
const int64_t *expert_load_layer(const struct expert_load *load, int64_t moe_layer); /* [experts] */

#endif
