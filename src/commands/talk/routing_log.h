/*
 * The routing of one generated sequence, kept for a report: which experts each id went to at each MoE layer,
 * and with what weight the last one did, or every one where that is asked for. Sized beforehand for the ids
 * that a request can run.
 */
#ifndef COMMANDS_TALK_ROUTING_LOG_H
#define COMMANDS_TALK_ROUTING_LOG_H

#include "base/error.h"
#include <stdint.h>
#include <switchyard.h>

struct routing_log {
    int64_t layers, most; /* MoE layers; most: choices of an id at one layer */
    int64_t *layer_of;    /* [layers] index in the model */
    int64_t *index_of;    /* [model's layers] the reverse, -1 where dense */
    int64_t room, count;  /* ids */
    int32_t *ids;         /* [room][layers][most], best first, -1 behind the last */
    float *last;          /* [layers][most] weights of the id that came last */
    float *every;         /* [room][layers][most] weights of all; NULL: not asked for */
};

/* Bytes that a log of `ids` ids takes; false where they are more than can be counted. */
SY_MUST_CHECK bool routing_log_bytes(const struct sy_facts *facts, int64_t ids, bool every, int64_t *bytes);

/* Room for `ids` ids of an engine. A model without MoE layers gives an empty log. */
SY_MUST_CHECK bool routing_log_open(const struct sy_facts *facts, int64_t ids, bool every,
                                    struct routing_log *log, struct sy_error *err);
void routing_log_close(struct routing_log *log);

void routing_log_add(struct routing_log *log, const struct sy_routed_row *row);
const int32_t *routing_log_choice(const struct routing_log *log, int64_t index, int64_t moe_layer);
/* The weights beside them, with `every`. */
const float *routing_log_weights(const struct routing_log *log, int64_t index, int64_t moe_layer);

#endif
