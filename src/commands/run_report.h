/*
 * What `run` shows: JSON, whose keys are a contract, and the human form.
 */
#ifndef COMMANDS_RUN_REPORT_H
#define COMMANDS_RUN_REPORT_H

#include "base/json.h"
#include "commands/routing_log.h"
#include "report/style.h"

struct run_facts {
    const int64_t *tokens; /* generated */
    int64_t token_count, prompt_count;
    double prefill_rate, decode_rate; /* tokens a second; 0 where none were run */
    double load_seconds;
    int64_t peak_bytes;
    bool ended;                        /* by an end token */
    const char *model, *runs_as;       /* what ran, and how */
    const struct routing_log *routing; /* NULL: not asked for */
};

void run_report_json(const struct run_facts *facts, struct text *out);
void run_report_human(const struct run_facts *facts, const struct style *style, struct text *out);

#endif
