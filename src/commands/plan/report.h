/*
 * A plan, drawn: for people, as JSON, side by side with another, explained figure by figure.
 */
#ifndef COMMANDS_PLAN_REPORT_H
#define COMMANDS_PLAN_REPORT_H

#include "commands/emit.h"
#include "commands/plan/asked.h"
#include "commands/plan/source.h"
#include "plan/plan.h"
#include "report/style.h"

struct plan_facts {
    const struct plan_source *source;
    const struct plan *plan;
    enum types_from types;
    const struct named_machine *machine; /* of --machine, or NULL */
};

void plan_report_json(const struct plan_facts *facts, const struct plan_facts *other, struct text *out);
void plan_report_human(const struct plan_facts *facts, const struct style *style, struct text *out);
void plan_report_versus(const struct plan_facts *a, const struct plan_facts *b, const struct style *style,
                        struct text *out);

/* Its sections, each with an empty line before it. */
void plan_show_cluster(const struct plan_facts *facts, const struct style *style, struct text *out);
void plan_show_training(const struct plan_facts *facts, const struct style *style, struct text *out);
void plan_show_price(const struct plan_facts *facts, const struct style *style, struct text *out);

/* The verdict in two or three sentences, one line. */
void plan_verdict_text(const struct plan_facts *facts, struct text *out);

/* "published as 46.7 B / 12.9 B: reason"; nothing for what is no preset. */
void plan_published_text(const struct plan_facts *facts, struct text *out);

/* "Weights as published, in f8_e4m3: ..."; nothing where they were asked for or are there. */
void plan_types_text(const struct plan_facts *facts, struct text *out);

/* The formula behind a figure with this model's numbers; false: no such key (the nearest is the remedy). */
SY_MUST_CHECK bool plan_explain(const struct plan_facts *facts, const char *key, struct text *out,
                                struct sy_error *err);

/* Presets by name; all of them as one table, in args->format; and which of them fit, with `--json` too. */
SY_MUST_CHECK bool plan_list(struct text *out, struct sy_error *err);
SY_MUST_CHECK bool plan_table(const struct plan_args *args, const struct plan_asked *asked,
                              const struct style *style, struct text *out, struct sy_error *err);
SY_MUST_CHECK bool plan_fit(const struct plan_args *args, const struct plan_asked *asked,
                            const struct style *style, struct text *out, struct sy_error *err);

/* The machines that --machine knows. */
void plan_machines(bool json, const struct style *style, struct text *out);
/* "8 x NVIDIA H100 SXM, 80 GB: ..." */
void plan_machine_text(const struct plan_facts *facts, struct text *out);
void plan_machine_json(const struct named_machine *machine, struct emit *e); /* the fields of an object */

#endif
