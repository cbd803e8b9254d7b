/*
 * How unevenly experts load the ranks that hold them.
 */
#ifndef PLAN_IMBALANCE_H
#define PLAN_IMBALANCE_H

#include "plan/trace.h"

enum load { LOAD_UNIFORM, LOAD_ZIPF, LOAD_TRACE, LOAD_COUNT };
const char *load_name(enum load load);

struct imbalance {          /* load of the fullest rank over the mean, of one layer; 1: even */
    double expected, worst; /* experts placed at random; the hottest ones together */
    double replicated_expected, replicated_worst; /* with `replicas` more copies of the hottest */
};

/* `tokens` tokens choose K of E experts each, over `ranks` ranks. */
SY_MUST_CHECK bool imbalance_of(enum load load, const struct trace *trace, int64_t experts, int64_t chosen,
                                double tokens, int64_t ranks, int64_t replicas, struct imbalance *out,
                                struct sy_error *err);

/* The mean of the largest of n independent normal numbers with these means and deviations. */
double expected_largest(const double *mean, const double *deviation, int64_t n);

#endif
