/*
 * What training a model takes.
 */
#ifndef PLAN_TRAINING_H
#define PLAN_TRAINING_H

#include "plan/parameters.h"
#include "plan/traffic.h"

enum train_precision { TRAIN_F32, TRAIN_BF16, TRAIN_FP8 };

struct training_request {
    bool wanted;
    double tokens; /* in all */
    int64_t batch; /* sequences a step, each of the plan's context */
    int64_t micro; /* of them at the same time: gradients add up over the rest */
    enum train_precision precision;
    enum dtype moments; /* F32, BF16 or F8_E4M3: of both of Adam's */
    double flops;       /* a second; 0: those of the plan's rates */
    bool recompute;     /* activations: keep each layer's input, compute the rest again */
};

struct training { /* bytes; of one model */
    int64_t parameters, active;
    double weights, gradients, moments, activations, memory;
    double flops_token, flops_step, step_tokens, steps, hours;
    double loss; /* by the scaling law */
    bool law_holds;
};

struct plan_training {
    struct training model, dense; /* the dense twin of equal active size */
};

SY_MUST_CHECK bool plan_training(const struct traffic_input *input, const struct training_request *request,
                                 double flop_rate, struct plan_training *out, struct sy_error *err);

/* Bytes that one token leaves behind for backward, over all layers. */
double training_activation_bytes(const struct spec *spec, int bytes, bool recompute);

#endif
