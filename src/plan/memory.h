/*
 * Memory that `run` takes, from the functions that take it; and what to do where it does not fit.
 */
#ifndef PLAN_MEMORY_H
#define PLAN_MEMORY_H

#include "plan/traffic.h"

struct memory_input {
    struct traffic_input traffic;
    int64_t batch;  /* sequences at the same time */
    int64_t memory; /* what there is; 0: not said */
    int threads;
};

struct expert_cache {     /* where the experts do not all fit */
    int64_t expert_bytes; /* of one */
    int64_t experts, all; /* how many fit, of how many */
    double hit;         /* the share of choices that find their expert: uniform, or replayed from the trace */
    double fetch_bytes; /* that a token must fetch then */
    bool possible;      /* all the rest fits */
};

#define LRU_POINTS 9

struct plan_memory {      /* bytes */
    int64_t weights;      /* as stored */
    int64_t vectors;      /* norms and biases, decoded to f32 */
    int64_t kv;           /* the pool of pages */
    int64_t activations;  /* of a pass */
    int64_t tables;       /* names, views, pages */
    int64_t program;      /* itself, its libraries, its threads */
    int64_t peak;         /* all of it */
    int64_t rows;         /* of a pass */
    double kv_kept;       /* what `batch` sequences keep at the context, windows honoured */
    int64_t kv_per_token; /* one token, all layers, before any window */
    bool said, fits;      /* was --memory given? */
    struct expert_cache cache;
    double lru[LRU_POINTS]; /* hits when 0, 1/8, .. 8/8 of each layer's experts are held; with a trace */
};

SY_MUST_CHECK bool plan_memory(const struct memory_input *input, struct plan_memory *out,
                               struct sy_error *err);

/* The largest batch whose memory stays within `memory`: 0 when not even one sequence does. */
int64_t memory_batch_max(const struct memory_input *input);

#endif
