/*
 * What this machine can do, measured on the spot: reading memory, and products through our own kernels.
 */
#ifndef COMMANDS_MACHINE_H
#define COMMANDS_MACHINE_H

#include "kernels/exec.h"
#include "kernels/kernels.h"

struct machine_rates { /* a second */
    double read_bytes, f32_flops, bf16_flops;
};

/* What nothing passes, a second, by so many threads: bench holds prompts and steps against it. Rates of
 * instructions alone (kernels/peaks.h), where the level has them; else of our own products. */
struct machine_limits {
    double read_bytes;
    const char *read_loop;             /* which of several was the fastest */
    double products[ARITHMETIC_COUNT]; /* operations: a multiply and an add each */
};

struct machine {
    int threads;
    enum level level;
    struct machine_rates one, all; /* by one thread, by all */
};

SY_MUST_CHECK bool machine_measure_limits(int threads, enum level highest, struct machine_limits *limits,
                                          struct sy_error *err);
SY_MUST_CHECK bool machine_measure(int threads, enum level highest, struct machine *machine,
                                   struct sy_error *err);

#endif
