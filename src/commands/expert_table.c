#include "commands/expert_table.h"

#include "report/heat.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>

#define STRIP_COLUMNS 40

/* The expert with the largest (or smallest) load, ties to the lower index: "12  31 %". */
static void extreme(const int64_t *load, int64_t experts, bool most, char *cell, size_t size) {
    int64_t best = 0, sum = 0;
    for (int64_t x = 0; x < experts; x++) {
        sum += load[x];
        if (most ? load[x] > load[best] : load[x] < load[best]) best = x;
    }
    char share[NUMBER_TEXT];
    snprintf(cell, size, "%lld %7s", (long long)best, number_share((double)load[best], (double)sum, share));
}

void expert_table_show(const struct expert_table *t, const struct style *style, struct text *out) {
    int64_t experts = t->experts, bin = heat_bin(experts, STRIP_COLUMNS);
    if (t->layers == 0) {
        text_add(out, "No layer of this model has experts.\n");
        return;
    }
    text_add(out, "Load of %lld experts, %lld chosen for each of %lld tokens", (long long)experts,
             (long long)t->chosen, (long long)t->tokens);
    if (bin > 1) text_add(out, "; a letter stands for %lld experts", (long long)bin);
    text_add(out, "\n");
    struct table table = { .columns = 5, .align = "rlrrr", .head = true };
    table_row(&table, "layer", "load", "most used", "least used", "evenness");
    for (int64_t i = 0; i < t->layers; i++) {
        const int64_t *load = t->counts + i * experts;
        char layer[24], most[48], least[48], evenness[24];
        struct text strip = { 0 };
        heat_strip(load, experts, STRIP_COLUMNS, style, &strip);
        snprintf(layer, sizeof layer, "%lld", (long long)t->layer_of[i]);
        snprintf(evenness, sizeof evenness, "%.2f", heat_evenness(load, experts));
        extreme(load, experts, true, most, sizeof most);
        extreme(load, experts, false, least, sizeof least);
        table_row(&table, layer, strip.data, most, least, evenness);
        text_free(&strip);
    }
    table_print(&table, style, out);
    table_free(&table);
}

void expert_table_emit(const struct expert_table *t, struct emit *e) {
    emit_list(e, "moe_layers");
    for (int64_t i = 0; i < t->layers; i++) emit_int(e, NULL, t->layer_of[i]);
    emit_end(e);
    emit_list(e, "counts");
    for (int64_t i = 0; i < t->layers; i++) {
        emit_list(e, NULL);
        for (int64_t x = 0; x < t->experts; x++) emit_int(e, NULL, t->counts[i * t->experts + x]);
        emit_end(e);
    }
    emit_end(e);
}
