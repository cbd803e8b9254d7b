/*
 * What tokens cost on a machine that is paid by the hour, beside dense models of equal size.
 */
#ifndef PLAN_PRICE_H
#define PLAN_PRICE_H

#include "plan/predict.h"

struct price_request {
    double an_hour; /* of the whole machine; 0: nobody asks */
    int64_t batch;  /* sequences at the same time, beside one alone */
};

enum price_model { PRICE_ITSELF, PRICE_DENSE_ACTIVE, PRICE_DENSE_TOTAL, PRICE_MODELS };

struct model_price { /* of a million tokens */
    int64_t parameters;
    double input, output_one, output_batch;
    double prompt_tokens, tokens_one, tokens_batch; /* a second, that these come of */
    bool fits_one, fits_batch;                      /* true where no memory is said */
};

struct plan_price {
    double an_hour;
    int64_t batch;
    bool twins; /* false: it is dense itself, and the others are absent */
    struct model_price models[PRICE_MODELS];
};

SY_MUST_CHECK bool plan_price(const struct memory_input *input, const struct rates *rates,
                              const struct cluster_request *cluster, const struct price_request *request,
                              struct plan_price *out, struct sy_error *err);

/* Of a million tokens, at so many a second. */
double price_million(double an_hour, double tokens);

/* The types in which a dense twin is counted: those of the model, its FFNs as the experts; of a checkpoint
 * the recipe nearest in size. */
SY_MUST_CHECK bool price_twin_recipe(const struct weights *weights, struct recipe *out, struct sy_error *err);

#endif
