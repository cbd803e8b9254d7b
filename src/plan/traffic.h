/*
 * Compute and traffic: what one token costs, in products and in bytes.
 */
#ifndef PLAN_TRAFFIC_H
#define PLAN_TRAFFIC_H

#include "plan/experts_touched.h"
#include "plan/weights.h"

struct traffic_input {
    struct weights weights;
    enum dtype kv;
    int64_t context;           /* a step is at position context - 1 */
    const struct trace *trace; /* or NULL: uniform routing */
};

struct traffic { /* of one step, for each token of a batch */
    double flops, attention_flops;
    double bytes;        /* of it: */
    double weight_bytes; /* what the batch reads, over the batch */
    double kv_bytes;     /* keys and values read and written */
    double experts;      /* distinct experts that the batch touches in a layer */
};

/* A model reduced to the sums that a step of any batch is made of. */
struct traffic_sums {
    double flops_matrices;  /* of a step, products with weights */
    double flops_attention; /* of a step, at the context */
    double prompt_matrices, train_matrices,
        prompt_attention;   /* of one token of a prompt of `context`, on the mean */
    double fixed_bytes;     /* weights that every step reads: all but the experts and the table */
    double row_bytes;       /* of the table */
    double expert_bytes;    /* of one expert, summed over layers (of the mean expert) */
    double experts, chosen; /* E, K */
    double kv_read, kv_written;
    int64_t moe_layers; /* that a step passes */
    const struct trace *trace;
};

SY_MUST_CHECK bool traffic_sum(const struct traffic_input *input, struct traffic_sums *out,
                               struct sy_error *err);
/* `rows` tokens a sequence at once (1; 2 when one is drafted), `batch` sequences. Per row. */
struct traffic traffic_of(const struct traffic_sums *sums, double batch, double rows);
/* Experts of a layer that `batch` sequences of `rows` tokens each touch. */
double traffic_experts(const struct traffic_sums *sums, double batch, double rows);

/* FLOPs of one token of a prompt of so many, on the mean over its positions. */
double traffic_prompt_flops(const struct traffic_sums *sums);
/* Forward and backward of one token in training. */
double traffic_train_flops(const struct traffic_sums *sums);

/* Positions that a query at `position` sees in this layer, itself included. */
int64_t layer_visible(const struct layer_spec *layer, int64_t position);
/* The same, on the mean over all positions of `count`. */
double layer_visible_mean(const struct layer_spec *layer, int64_t count);

/* Bytes of keys and values of one token at one layer, and over all of the decoder's: what one more token adds
 * to the cache, before any window. */
int64_t kv_row_bytes(const struct spec *spec, enum dtype dtype);
SY_MUST_CHECK bool kv_token_bytes(const struct spec *spec, enum dtype dtype, int64_t *out,
                                  struct sy_error *err);
/* Bytes that a sequence of `context` positions keeps, windows honoured. */
double kv_kept_bytes(const struct spec *spec, enum dtype dtype, int64_t context);

#endif
