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

struct machine {
    int threads;
    enum level level;
    struct machine_rates one, all; /* by one thread, by all */
};

/* By so many threads. */
SY_MUST_CHECK bool machine_measure_rates(int threads, enum level highest, struct machine_rates *rates,
                                         struct sy_error *err);
SY_MUST_CHECK bool machine_measure(int threads, enum level highest, struct machine *machine,
                                   struct sy_error *err);

#endif
