/*
 * Two models side by side.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>
#include <string.h>

static void count_row(const char *what, int64_t a, int64_t b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT], ratio[24] = "";
    if (b > 0) snprintf(ratio, sizeof ratio, "%.2f", (double)a / (double)b);
    table_row(table, what, number_count(a, first), number_count(b, second), ratio);
}

static void bytes_row(const char *what, double a, double b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT], ratio[24] = "";
    if (b > 0) snprintf(ratio, sizeof ratio, "%.2f", a / b);
    table_row(table, what, plan_bytes(a, first), plan_bytes(b, second), ratio);
}

static void rate_row(const char *what, const char *unit, double a, double b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT], ratio[24] = "";
    if (b > 0) snprintf(ratio, sizeof ratio, "%.2f", a / b);
    table_row(table, what, number_rate(a, unit, first), number_rate(b, unit, second), ratio);
}

static const char *fit_word(const struct plan *p) {
    const struct rank_layout *best = &p->cluster.layouts[0];
    bool spread = p->cluster.ranks > 1 && p->cluster.layout_count > 0 && !best->refused;
    if (!p->memory.said) return "-";
    return (spread ? best->fits : p->memory.fits) ? "yes" : "no";
}

static void price_row(const char *what, double a, double b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT], ratio[24];
    snprintf(ratio, sizeof ratio, "%.2f", a / b);
    table_row(table, what, plan_money(a, first), plan_money(b, second), ratio);
}

static void price_rows(const struct plan *a, const struct plan *b, struct table *table) {
    const struct model_price *x = &a->price.models[PRICE_ITSELF], *y = &b->price.models[PRICE_ITSELF];
    char batch[48];
    if (!(a->price.an_hour > 0)) return;
    snprintf(batch, sizeof batch, "a million out, batch %lld", (long long)a->price.batch);
    price_row("a million tokens in", x->input, y->input, table);
    price_row("a million out, alone", x->output_one, y->output_one, table);
    price_row(batch, x->output_batch, y->output_batch, table);
}

/* At batch number i, over the ranks where there are some. */
static double tokens_at(const struct plan *p, int i) {
    return p->input.cluster.ranks > 1 ? p->predicted_at[i].tokens : p->roofline_at[i].tokens;
}

static void training_rows(const struct plan *a, const struct plan *b, struct table *table) {
    const struct training *x = &a->training.model, *y = &b->training.model;
    char first[NUMBER_TEXT], second[NUMBER_TEXT], ratio[24];
    if (!a->input.training.wanted) return;
    bytes_row("training memory", x->memory, y->memory, table);
    rate_row("training, a token", "FLOP", x->flops_token, y->flops_token, table);
    snprintf(ratio, sizeof ratio, "%.2f", x->hours / y->hours);
    table_row(table, "training", plan_hours(x->hours, first), plan_hours(y->hours, second), ratio);
}

void plan_report_versus(const struct plan_facts *fa, const struct plan_facts *fb, const struct style *style,
                        struct text *out) {
    const struct plan *a = fa->plan, *b = fb->plan;
    struct table table = { .columns = 4, .align = "lrrr", .head = true };
    char names[2][32], batch[2][48];
    snprintf(names[0], sizeof names[0], "%.28s", fa->source->name);
    snprintf(names[1], sizeof names[1], "%.28s", fb->source->name);
    table_row(&table, "", names[0], names[1], "ratio");
    count_row("parameters", a->parameters.count.total, b->parameters.count.total, &table);
    count_row("active", a->parameters.count.active, b->parameters.count.active, &table);
    count_row("active, no table", a->parameters.count.active_no_embed, b->parameters.count.active_no_embed,
              &table);
    table_row(&table, "weights in", weights_name(&a->input.memory.traffic.weights),
              weights_name(&b->input.memory.traffic.weights), "");
    bytes_row("weights", (double)a->memory.weights, (double)b->memory.weights, &table);
    bytes_row("keys and values, a token", (double)a->memory.kv_per_token, (double)b->memory.kv_per_token,
              &table);
    bytes_row("peak of run", (double)a->memory.peak, (double)b->memory.peak, &table);
    table_row(&table, "fits", fit_word(a), fit_word(b), "");
    rate_row("a step", "FLOP", a->traffic.flops, b->traffic.flops, &table);
    rate_row("a prompt's token", "FLOP", a->prompt_flops, b->prompt_flops, &table);
    for (int i = 0; i < PLAN_BATCHES; i += 4) {
        snprintf(batch[0], sizeof batch[0], "a token reads, batch %lld", (long long)a->batches[i]);
        bytes_row(batch[0], a->traffic_at[i].bytes, b->traffic_at[i].bytes, &table);
        snprintf(batch[1], sizeof batch[1], "at most, batch %lld", (long long)a->batches[i]);
        rate_row(batch[1], "tok/s", tokens_at(a, i), tokens_at(b, i), &table);
    }
    price_rows(a, b, &table);
    training_rows(a, b, &table);
    table_print(&table, style, out);
    table_free(&table);
    const struct plan_facts *both[2] = { fa, fb };
    for (int i = 0; i < 2; i++) {
        struct text verdict = { 0 };
        plan_section(both[i]->source->name, style, out);
        plan_verdict_text(both[i], &verdict);
        plan_paragraph(verdict.data ? verdict.data : "", 0, style, out);
        text_free(&verdict);
    }
}
