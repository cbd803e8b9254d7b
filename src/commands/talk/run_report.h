/*
 * What `run` shows: JSON, whose keys are a contract, and the human form.
 */
#ifndef COMMANDS_TALK_RUN_REPORT_H
#define COMMANDS_TALK_RUN_REPORT_H

#include "base/json.h"
#include "commands/talk/expert_load.h"
#include "commands/talk/run_routing.h"
#include "report/style.h"

struct run_facts {
    const struct run_token *tokens; /* generated */
    int64_t token_count, prompt_count;
    const struct text *text;          /* of the answer; NULL: the model has no tokenizer */
    double prefill_rate, decode_rate; /* tokens a second; 0 where none were run */
    double load_seconds;
    int64_t peak_bytes;
    enum sy_finish finish;
    bool logprobs;                     /* were asked for */
    const struct sy_sampling *drawn;   /* how; NULL: nothing was, the likeliest came each time */
    const char *model, *runs_as;       /* what ran, and how */
    const char *departure;             /* from what the model's authors computed, or NULL */
    const struct routing_log *routing; /* NULL: not asked for */
    const struct run_routing *every;   /* with routing, of every token; or NULL */
    const struct expert_load *load;    /* with routing */
    const struct sy_profile *profile;  /* NULL: not asked for */
};

/* One object. Where it is long, `print` takes (and frees) what there is so far; false where it fails. What is
 * left in `out` is the end. */
SY_MUST_CHECK bool run_report_json(const struct run_facts *facts, struct text *out,
                                   bool (*print)(struct text *text, struct sy_error *err),
                                   struct sy_error *err);
/* The table of --routing=tokens alone, printed as above. */
SY_MUST_CHECK bool run_report_table(const struct run_facts *facts, struct text *out,
                                    bool (*print)(struct text *text, struct sy_error *err),
                                    struct sy_error *err);
void run_report_ids(const struct run_facts *facts, const struct style *style, struct text *out);
/* The rates, and what else was asked for. */
void run_report_rest(const struct run_facts *facts, const struct style *style, struct text *out);

#endif
