/*
 * What the options of `plan` ask for, as the input of a plan.
 */
#ifndef COMMANDS_PLAN_ASKED_H
#define COMMANDS_PLAN_ASKED_H

#include "base/options.h"
#include "plan/machines.h"
#include "plan/plan.h"

#include <math.h>

enum plan_format { FORMAT_TEXT, FORMAT_MARKDOWN, FORMAT_CSV };

struct plan_args { /* what is not given has the value of PLAN_DEFAULTS, which no option can give */
    int64_t context, batch, memory, ranks, replicas, threads;
    double bandwidth, flops, storage, link, latency, price; /* latency in microseconds */
    const char *dtype, *train, *trace, *versus, *explain, *svg, *png, *machine;
    int kv, format; /* index of the word */
    bool measure, list, table, fit, json, ignore_unknown, force;
};
#define PLAN_DEFAULTS                                                                                        \
    {                                                                                                        \
        .kv = 1, .context = -1, .batch = -1, .memory = -1, .ranks = -1, .replicas = -1, .threads = -1,       \
        .latency = NAN, .price = NAN                                                                         \
    }

#define PLAN_CONTEXT 4096 /* where --ctx says nothing: so many, or all that the model has */

extern const struct option_table plan_options;

/* What holds for every model of a call. */
struct plan_asked {
    struct plan_input input;     /* without the weights, the context, and rates by type */
    const struct recipe *recipe; /* NULL: as stored or published */
    bool named;                  /* --machine: */
    struct named_machine machine;
    bool memory_here; /* the memory is what is free on this machine: nobody named another */
    struct machine_figure flops[RATE_TYPES]; /* of --machine or --measure; without a value: not known */
};

SY_MUST_CHECK bool plan_asked(const struct plan_args *args, struct plan_asked *out, struct sy_error *err);

/* The input for these weights: their context, and the rate of their arithmetic. */
struct plan_input plan_input_for(const struct plan_args *args, const struct plan_asked *asked,
                                 const struct weights *weights);

/* "tokens=1T,batch=512,precision=bf16,moments=f32,keep=all" */
SY_MUST_CHECK bool plan_parse_train(const char *text, struct training_request *request, struct sy_error *err);

#endif
