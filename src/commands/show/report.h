/*
 * What a checkpoint holds, drawn: its spec as JSON and in sentences, parameters by part, types, the census.
 */
#ifndef COMMANDS_SHOW_REPORT_H
#define COMMANDS_SHOW_REPORT_H

#include "base/json.h"
#include "model/bind.h"
#include "report/style.h"

struct show_facts {
    const struct model *model;
    const struct account *account; /* of all its files */
    struct param_count params;
    bool tensors; /* list them */
    bool all;     /* and all that the files say */
};

void show_report_json(const struct show_facts *facts, struct text *out);
void show_report_human(const struct show_facts *facts, const struct style *style, struct text *out);

struct emit;
void show_account_json(const struct account *account, struct emit *emit); /* as member "account" */
void show_account_human(const struct account *account, bool all, const struct style *style, struct text *out);
/* "label       words ...", filled to the width and indented. Frees the words. */
void show_line(const char *label, struct text *words, const struct style *style, struct text *out);

/* Is tensor `index` the first of a type that is not read? Then how many have it, and their bytes. */
bool show_unread_type(const struct checkpoint *checkpoint, int64_t index, int64_t *tensors, int64_t *bytes);

/* The sentences, for a test: "2 of 8 experts: ..." */
void show_router(const struct router_spec *router, struct text *out);
void show_attention(const struct spec *spec, struct text *out);

#endif
