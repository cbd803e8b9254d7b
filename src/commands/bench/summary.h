/*
 * What the runs of a test come to: the median of its rates with their range, a step's time, energy, and the
 * share of what this machine could do.
 *
 *     seconds at least   by reading     bytes / read rate
 *                        by products    sum over arithmetics of operations / their rate
 *     share              of each: those seconds over the measured ones
 *
 * Nothing is faster than the slower of the two (the roofline), so the larger share is the one that tells:
 * steps of few sequences must read, prompts and steps of many must multiply.
 */
#ifndef COMMANDS_BENCH_SUMMARY_H
#define COMMANDS_BENCH_SUMMARY_H

#include "commands/bench/tests.h"

struct bench_summary {
    double rate, least, most;         /* tokens a second: median and range */
    double read_share, product_share; /* of the machine's limits: medians */
    double share;                     /* the larger one */
    bool products;                    /* it is that of products */
    double bytes, operations;         /* of a token: medians */
    struct bench_amount kinds;        /* of those operations, likewise */
    double product_rate;           /* operations a second at the limit, in this test's mix of arithmetics */
    double step_median, step_slow; /* seconds of a step; 99 of 100 take no longer. NAN: no steps */
    double joules;                 /* of a token: median; NAN: no counter tells */
    double evenness;               /* mean */
};

struct bench_summary bench_summary(const struct bench_test *test); /* runs > 0 */

/* Tokens a second of one run, over all sequences. */
double bench_rate(const struct bench_test *test, int64_t run);

#endif
