/*
 * The tests of bench: prompts into an empty sequence, and steps of some sequences at once. Ids are random,
 * drawn anew for each row, so every step routes anew.
 */
#ifndef COMMANDS_BENCH_TESTS_H
#define COMMANDS_BENCH_TESTS_H

#include "base/random.h"
#include "commands/bench/work.h"

enum { BENCH_RUNS_MAX = 1000 };

struct bench_test {
    bool steps;
    int64_t length, batch; /* ids of the prompt; steps a sequence, and sequences */
    int threads;
    int64_t runs;    /* so far */
    double limit;    /* bytes or operations a second, of the machine with so many threads */
    double *rate;    /* [runs] tokens a second, over all sequences */
    double *work;    /* [runs] bytes or operations a second */
    double evenness; /* with which experts were used, summed over the runs; 0: there are none */
    int64_t *load;   /* [MoE layers][experts] how often, over the runs; NULL: not asked for */
    int64_t routed;  /* tokens, with load */
};

struct bench_summary {
    double rate, least, most; /* tokens a second: median and range */
    double share;             /* of the limit: median */
    double evenness;          /* mean */
};

/* Positions that a sequence of it needs. */
int64_t bench_positions(const struct bench_test *test);
/* Run it once, and note the rates. */
SY_MUST_CHECK bool bench_once(struct session *session, struct bench_work *work, struct random *random,
                              struct bench_test *test, struct sy_error *err);
struct bench_summary bench_summary(const struct bench_test *test); /* runs > 0 */

#endif
