/*
 * How often each expert of each MoE layer was chosen, as people and programs read it. run, eval and bench
 * print the same table.
 */
#ifndef COMMANDS_EXPERT_TABLE_H
#define COMMANDS_EXPERT_TABLE_H

#include "commands/emit.h"
#include "report/style.h"

struct expert_table {
    int64_t layers, experts; /* MoE layers */
    const int64_t *layer_of; /* [layers] index in the model */
    const int64_t *counts;   /* [layers][experts] */
    int64_t chosen, tokens;  /* experts a token; tokens */
};

void expert_table_show(const struct expert_table *table, const struct style *style, struct text *out);
/* The members "moe_layers" and "counts" of an object that is open. */
void expert_table_emit(const struct expert_table *table, struct emit *emit);

#endif
