/*
 * The tests of bench: prompts into an empty sequence, and steps of some sequences at once. Ids are random,
 * drawn anew for each row, so every step routes anew. Each run notes what it took and what it did; what that
 * comes to is summary.h's.
 */
#ifndef COMMANDS_BENCH_TESTS_H
#define COMMANDS_BENCH_TESTS_H

#include "base/random.h"
#include "commands/bench/energy.h"
#include "commands/bench/work.h"
#include "commands/machine.h"

enum { BENCH_RUNS_MAX = 1000 };

struct bench_run {
    double seconds, bytes, joules; /* joules NAN: no counter tells */
    struct bench_amount operations;
};

struct bench_test {
    bool steps;
    int64_t length, batch; /* ids of the prompt; steps a sequence, and sequences */
    int threads;
    int64_t runs;          /* so far */
    struct bench_run *run; /* [runs] */
    double *step_seconds;  /* [step_count] of all runs, each step for itself; malloc'ed */
    int64_t step_count;
    struct machine_limits limits; /* of the machine with so many threads */
    double other_rate;            /* of a prompt under --regime bf16, tokens a second; 0: nobody asked */
    double evenness;              /* with which experts were used, summed over the runs; 0: there are none */
    int64_t *load;                /* [MoE layers][experts] how often, over the runs; NULL: not asked for */
    int64_t routed;               /* tokens, with load */
    bool profile;                 /* note where the time goes, over the runs: */
    struct stage_times times;
    int64_t barriers; /* that each thread passed */
    double barrier_seconds;
};

struct bench_bed { /* what tests run in; borrowed */
    struct session *session;
    struct bench_work *work;
    struct random *random;
    const struct energy *energy;
};

/* Positions that a sequence of it needs. */
int64_t bench_positions(const struct bench_test *test);
/* Run it once, and note it. */
SY_MUST_CHECK bool bench_once(const struct bench_bed *bed, struct bench_test *test, struct sy_error *err);

#endif
