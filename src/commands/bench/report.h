/*
 * What bench prints: JSON for programs, a table for people. Tests that were not run yet are left out.
 */
#ifndef COMMANDS_BENCH_REPORT_H
#define COMMANDS_BENCH_REPORT_H

#include "commands/bench/tests.h"
#include "commands/expert_table.h"
#include "report/style.h"

struct bench_facts {
    const struct bench_test *tests; /* borrowed */
    int64_t count;
    const char *model,
        *runs_as; /* for people: "models/olmoe (OlmoeForCausalLM)", "fast, f16 cache, avx512" */
    const struct expert_table *load; /* of all tests together; NULL: not asked for */
};

void bench_report_json(const struct bench_facts *facts, struct text *out);
void bench_report_human(const struct bench_facts *facts, const struct style *style, struct text *out);

#endif
