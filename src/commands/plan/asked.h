/*
 * What the options of `plan` ask for, as the input of a plan.
 */
#ifndef COMMANDS_PLAN_ASKED_H
#define COMMANDS_PLAN_ASKED_H

#include "base/options.h"
#include "plan/plan.h"

struct plan_args {
    int64_t context, batch, memory, ranks, replicas, threads;
    double bandwidth, flops, storage, link, latency; /* 0: not given; latency in microseconds */
    const char *dtype, *train, *trace, *versus, *explain, *svg, *png;
    int kv, format; /* index of the word */
    bool measure, list, table, json, ignore_unknown, force;
};
#define PLAN_DEFAULTS                                                                                        \
    { .kv = 1, .replicas = -1, .batch = 1, .storage = 3e9, .link = 25e9, .latency = 5 }

extern const struct option_table plan_options;

/* Everything but the model. stored: weights are taken as they are, unless --dtype. */
SY_MUST_CHECK bool plan_asked(const struct plan_args *args, struct plan_input *input, struct sy_error *err);

/* The context of a plan of this spec: what was asked, else the smaller of the model's own and 4096. */
int64_t plan_context(const struct plan_args *args, const struct spec *spec);

/* "tokens=1T,batch=512,precision=bf16,moments=f32,keep=all" */
SY_MUST_CHECK bool plan_parse_train(const char *text, struct training_request *request, struct sy_error *err);

#endif
