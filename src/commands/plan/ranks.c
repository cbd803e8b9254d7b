/*
 * plan, for people: the sections that one asks for, cluster and training.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "plan/scaling_law.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>

#define LAYOUTS_SHOWN 8

/* ---- cluster ---- */

static void imbalance_row(const char *name, const struct imbalance *i, struct table *table) {
    char cells[4][24];
    const double values[4] = { i->expected, i->worst, i->replicated_expected, i->replicated_worst };
    for (int c = 0; c < 4; c++) snprintf(cells[c], sizeof cells[c], "%.2f", values[c]);
    table_row(table, name, cells[0], cells[1], cells[2], cells[3]);
}

static void show_imbalance(const struct plan_cluster *c, const struct style *style, struct text *out) {
    struct table table = { .columns = 5, .align = "lrrrr", .head = true };
    char replicated[40];
    text_add(out, "\nThe fullest rank over the mean, of one layer at this batch:\n");
    snprintf(replicated, sizeof replicated, "with %lld copies", (long long)c->replicas);
    table_row(&table, "routing", "expected", "worst", replicated, "worst");
    for (int i = 0; i < c->load_count; i++) imbalance_row(load_name((enum load)i), &c->imbalance[i], &table);
    table_print(&table, style, out);
    table_free(&table);
}

/* Why this layout is behind the best: its largest loss. */
static void why(const struct rank_layout *l, const struct rank_layout *best, char *text, size_t size) {
    char number[NUMBER_TEXT];
    double step = fmax(l->reading, l->computing) + l->reducing + l->exchanging;
    if (l->refused)
        snprintf(text, size, "%s", l->refused);
    else if (!l->fits)
        snprintf(text, size, "does not fit a rank");
    else if (l == best)
        snprintf(text, size, "best: %s", l->reading > l->computing ? "reads least" : "computes evenly");
    else if (l->reducing > step / 3)
        snprintf(text, size, "%s of it all-reduces", number_share(l->reducing, step, number));
    else if (l->exchanging > step / 3)
        snprintf(text, size, "%s of it all-to-alls", number_share(l->exchanging, step, number));
    else if (l->reading > best->reading)
        snprintf(text, size, "a rank reads %.1f times as much", l->reading / best->reading);
    else
        snprintf(text, size, "sends more: %s", number_seconds(l->reducing + l->exchanging, number));
}

static void layout_row(const struct rank_layout *l, const struct rank_layout *best, struct table *table) {
    char name[64], memory[NUMBER_TEXT] = "-", step[NUMBER_TEXT] = "-", rate[NUMBER_TEXT] = "-", reason[80];
    snprintf(name, sizeof name, "%lld x %lld x %lld", (long long)l->tensor, (long long)l->expert,
             (long long)l->data);
    why(l, best, reason, sizeof reason);
    if (!l->refused) {
        plan_bytes(l->memory, memory);
        number_seconds(fmax(l->reading, l->computing) + l->reducing + l->exchanging, step);
        number_rate(l->tokens, "tok/s", rate);
    }
    table_row(table, name, memory, step, rate, reason);
}

void plan_show_cluster(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct plan *p = f->plan;
    const struct plan_cluster *c = &p->cluster;
    struct text words = { 0 };
    char memory[NUMBER_TEXT], sent[NUMBER_TEXT], link[NUMBER_TEXT], took[NUMBER_TEXT], late[NUMBER_TEXT];
    plan_section("Cluster", style, out);
    if (p->parameters.moe_layers > 0) {
        text_add(
            &words,
            "%lld ranks, %lld experts of each layer on one, %s a rank. A token goes to %.1f other ranks, "
            "%s out and as much back for each layer; dispatch and combine of %lld %s take %s a "
            "layer at %s and %s a message.",
            (long long)c->ranks, (long long)c->experts_a_rank, plan_bytes(c->memory_a_rank, memory),
            c->ranks_touched, plan_bytes(c->dispatch, sent), (long long)p->input.memory.batch,
            p->input.memory.batch > 1 ? "tokens" : "token", number_seconds(c->exchange_seconds, took),
            number_rate(p->input.cluster.link, "B/s", link), number_seconds(p->input.cluster.latency, late));
        plan_paragraph(words.data ? words.data : "", 0, style, out);
        text_free(&words);
        show_imbalance(c, style, out);
    }
    struct table table = { .columns = 5, .align = "lrrrl", .head = true };
    text_add(out, "\nLayouts, tensor x expert x data parallel, best first:\n");
    table_row(&table, "layout", "a rank", "a step", "at most", "why");
    for (int i = 0; i < c->layout_count && i < LAYOUTS_SHOWN; i++)
        layout_row(&c->layouts[i], &c->layouts[0], &table);
    table_print(&table, style, out);
    table_free(&table);
    if (c->layout_count > LAYOUTS_SHOWN)
        text_add(out, "%d more behind these; --json has all.\n", c->layout_count - LAYOUTS_SHOWN);
}

/* ---- training ---- */

static void bytes_row(const char *what, double a, double b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT];
    table_row(table, what, plan_bytes(a, first), plan_bytes(b, second));
}

static void amount_row(const char *what, const char *unit, double a, double b, struct table *table) {
    char first[NUMBER_TEXT], second[NUMBER_TEXT];
    table_row(table, what, plan_amount(a, unit, first), plan_amount(b, unit, second));
}

void plan_show_training(const struct plan_facts *f, const struct style *style, struct text *out) {
    const struct training *m = &f->plan->training.model, *d = &f->plan->training.dense;
    struct table table = { .columns = 3, .align = "lrr", .head = true };
    char first[NUMBER_TEXT], second[NUMBER_TEXT];
    struct text words = { 0 };
    plan_section("Training", style, out);
    table_row(&table, "", "this model", "dense twin");
    table_row(&table, "parameters", number_count(m->parameters, first), number_count(d->parameters, second));
    table_row(&table, "active", number_count(m->active, first), number_count(d->active, second));
    bytes_row("weights", m->weights, d->weights, &table);
    bytes_row("gradients", m->gradients, d->gradients, &table);
    bytes_row("optimizer", m->moments, d->moments, &table);
    bytes_row("activations", m->activations, d->activations, &table);
    bytes_row("memory", m->memory, d->memory, &table);
    amount_row("a token", "FLOP", m->flops_token, d->flops_token, &table);
    amount_row("a step", "FLOP", m->flops_step, d->flops_step, &table);
    table_row(&table, "all tokens", plan_hours(m->hours, first), plan_hours(d->hours, second));
    snprintf(first, sizeof first, "%.3f%s", m->loss, m->law_holds ? "" : " (?)");
    snprintf(second, sizeof second, "%.3f%s", d->loss, d->law_holds ? "" : " (?)");
    table_row(&table, "loss, predicted", first, second);
    table_print(&table, style, out);
    table_free(&table);
    text_add(&words,
             "%s tokens, %lld x %lld a step, micro-batches of %lld, %s%s. The dense twin has the same active "
             "size. Loss by %s, %s%s.",
             plan_count(f->plan->input.training.tokens, first), (long long)f->plan->input.training.batch,
             (long long)f->plan->input.memory.traffic.context, (long long)f->plan->input.training.micro,
             number_rate(plan_training_rate(f->plan), "FLOP/s", second),
             f->plan->input.cluster.ranks > 1 ? " of one rank alone" : "", scaling_law_name,
             scaling_law_range, m->law_holds && d->law_holds ? "" : "; (?) is beyond that, a guess");
    plan_paragraph(words.data ? words.data : "", 0, style, out);
    text_free(&words);
}
