/*
 * The roofline: what two rates allow.
 */
#ifndef PLAN_ROOFLINE_H
#define PLAN_ROOFLINE_H

#include "plan/traffic.h"

enum rates_source { RATES_ASSUMED, RATES_GIVEN, RATES_MEASURED, RATES_MACHINE };

struct rates {
    double read;    /* bytes a second */
    double flops;   /* a second */
    double storage; /* bytes a second, of the disk behind an expert cache */
    enum rates_source read_source, flops_source;
    const char *flops_type; /* "bf16": of a machine that multiplies several at rates of their own, or NULL */
};
/* What holds where nobody says: two cores of an ordinary computer. */
#define RATES_DEFAULT                                                                                        \
    { .read = 20e9, .flops = 300e9, .storage = 3e9 }

struct roofline {
    double memory_seconds, compute_seconds; /* of one token of the batch */
    double tokens;                          /* a second, all sequences together */
    double intensity;                       /* FLOPs a byte */
    bool compute_binds;
};

struct roofline roofline_of(const struct traffic *traffic, const struct rates *rates);

/* The smallest batch at which compute binds; 0: none up to 2^20. */
int64_t roofline_turn(const struct traffic_sums *sums, const struct rates *rates);

/* Tokens a second of a prompt: compute alone. */
double roofline_prompt(const struct traffic_sums *sums, const struct rates *rates);

#endif
