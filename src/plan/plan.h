/*
 * A plan: everything that a model costs, as plain data, from its spec alone.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "plan/cluster.h"
#include "plan/parameters.h"
#include "plan/price.h"
#include "plan/speculation.h"
#include "plan/training.h"
#include "plan/verdict.h"

struct plan_input {
    struct memory_input memory; /* with it the spec, the weights, --kv, --ctx, --batch, --memory, --trace */
    struct rates rates;
    struct cluster_request cluster;
    struct training_request training;
    struct price_request price;
};

#define PLAN_BATCHES 9 /* 1, 2, 4, .. 256 */

struct plan {
    struct plan_input input;
    struct plan_parameters parameters;
    struct plan_memory memory;
    struct traffic_sums sums;
    struct traffic traffic; /* at the batch asked for */
    struct roofline roofline;
    int64_t turn;                       /* the batch at which compute binds, 0: none */
    double prompt_flops, prompt_tokens; /* of a token; a second */
    int64_t batches[PLAN_BATCHES];
    struct traffic traffic_at[PLAN_BATCHES];
    struct roofline roofline_at[PLAN_BATCHES];
    struct plan_speculation speculation;
    struct plan_cluster cluster;                  /* where input.cluster.ranks > 0 */
    struct prediction predicted_at[PLAN_BATCHES]; /* over the ranks, where input.cluster.ranks > 1 */
    struct plan_training training;                /* where input.training.wanted */
    struct plan_price price;                      /* where input.price.an_hour > 0 */
    struct verdict verdict;
};

/* FLOPs a second that its training is counted at. */
double plan_training_rate(const struct plan *plan);

SY_MUST_CHECK bool plan_make(const struct plan_input *input, struct plan *out, struct sy_error *err);

#endif
