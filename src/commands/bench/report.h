/*
 * What bench prints: JSON for programs (json.c), tables for people (human.c). Tests that were not run yet are
 * left out.
 */
#ifndef COMMANDS_BENCH_REPORT_H
#define COMMANDS_BENCH_REPORT_H

#include "commands/bench/before.h"
#include "commands/bench/summary.h"
#include "commands/expert_table.h"
#include "report/style.h"

struct bench_facts {
    const struct bench_test *tests; /* borrowed */
    int64_t count;
    const struct bench_identity *identity;
    const char *runs_as; /* for people: "fast, integer regime, f16 cache, avx512 kernels, 2 threads" */
    int64_t layers;
    const struct expert_table *load;   /* of all tests together; NULL: not asked for */
    const struct bench_before *before; /* NULL: nothing to compare with */
};

enum { BENCH_PARTS = STAGE_COUNT };
extern const char *const bench_parts[BENCH_PARTS]; /* "router", ...: of a profile */
/* Barriers that a thread passes in a layer of a pass, those before and behind the layers shared out. */
double bench_barriers_a_layer(const struct bench_facts *facts, const struct bench_test *test);

void bench_report_json(const struct bench_facts *facts, struct text *out);
void bench_report_human(const struct bench_facts *facts, const struct style *style, struct text *out);

#endif
