/*
 * A model over several machines.
 */
#ifndef PLAN_CLUSTER_H
#define PLAN_CLUSTER_H

#include "plan/imbalance.h"
#include "plan/memory.h"
#include "plan/roofline.h"

struct cluster_request {
    int64_t ranks;    /* 0: nobody asks */
    double link;      /* bytes a second, each way, of one rank */
    double latency;   /* seconds of one message */
    int64_t replicas; /* more copies of the hottest experts; -1: one a rank */
};

struct rank_layout { /* tensor * expert * data = ranks */
    int64_t tensor, expert, data;
    const char *refused;                             /* why it cannot be; NULL: it can */
    double memory;                                   /* bytes a rank */
    bool fits;                                       /* true where no memory is said */
    double reading, computing, reducing, exchanging; /* seconds of a step */
    double tokens;                                   /* a second, the whole cluster */
};

#define LAYOUTS_MAX 64

struct plan_cluster {
    int64_t ranks, replicas, experts_a_rank;
    double memory_a_rank;     /* bytes, expert parallelism over all ranks, the rest on each */
    double ranks_touched;     /* other ranks that a token's experts lie on */
    double dispatch, combine; /* bytes that leave a rank, a token and layer */
    double exchange_seconds;  /* dispatch and combine of one layer, the batch spread over the ranks */
    struct imbalance imbalance[LOAD_COUNT];
    int load_count;                          /* without a trace the last is missing */
    struct rank_layout layouts[LAYOUTS_MAX]; /* best first; refused ones last */
    int layout_count;
};

/* The layouts alone. */
SY_MUST_CHECK bool plan_layouts(const struct memory_input *input, const struct rates *rates,
                                const struct cluster_request *request, struct plan_cluster *out,
                                struct sy_error *err);
/* With how the experts spread. */
SY_MUST_CHECK bool plan_cluster(const struct memory_input *input, const struct rates *rates,
                                const struct cluster_request *request, struct plan_cluster *out,
                                struct sy_error *err);

/* Expected number of ranks that K of E experts lie on, E / ranks on each. */
double ranks_touched(int64_t experts, int64_t chosen, int64_t ranks);

#define RANKS_MAX 4096

#endif
