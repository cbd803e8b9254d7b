/*
 * bench's own parts: its arguments, and the measuring, which prints nothing (job.c).
 */
#ifndef COMMANDS_BENCH_BENCH_H
#define COMMANDS_BENCH_BENCH_H

#include "base/json.h"
#include "commands/common.h"
#include "report/style.h"

struct bench_args {
    struct common common;
    const char *prompts, *batches, *threads, *compare;
    int64_t steps, runs; /* runs 0: nobody said */
    bool routing, profile, json;
};

/* Measures, and adds what is to be printed. On an error `out` holds what was finished, where that was asked
 * for: Ctrl-C keeps it. `tiles`: the name of the first level that multiplies by tiles, at which prompts in
 * integers are told what --regime bf16 would gain. */
SY_MUST_CHECK bool bench_measure(const struct bench_args *args, const char *model, const char *tiles,
                                 const struct style *style, struct text *out, struct sy_error *err);
#define BENCH_TILES "amx"

#endif
