/*
 * The price of tokens, for people.
 */
#include "commands/plan/report.h"
#include "commands/plan/words.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>

static void model_row(const char *name, const struct model_price *m, int64_t batch, struct table *table) {
    char parameters[NUMBER_TEXT], input[NUMBER_TEXT], one[NUMBER_TEXT], many[NUMBER_TEXT], rate[NUMBER_TEXT];
    (void)batch;
    table_row(table, name, number_count(m->parameters, parameters), plan_money(m->input, input),
              plan_money(m->output_one, one), plan_money(m->output_batch, many),
              number_rate(m->tokens_batch, "tok/s", rate),
              m->fits_one ? m->fits_batch ? "" : "one fits" : "too big");
}

void plan_show_price(const struct plan_facts *f, const struct style *style, struct text *out) {
    static const char *const names[PRICE_MODELS] = { "this model", "dense, active", "dense, total" };
    const struct plan_price *p = &f->plan->price;
    struct table table = { .columns = 7, .align = "lrrrrrl", .head = true };
    struct text words = { 0 };
    char batch[48], hour[NUMBER_TEXT], rate[48];
    plan_section("Price of a million tokens", style, out);
    snprintf(batch, sizeof batch, "output x %lld", (long long)p->batch);
    snprintf(rate, sizeof rate, "at batch %lld", (long long)p->batch);
    table_row(&table, "", "size", "input", "output x 1", batch, rate, "");
    for (enum price_model m = 0; m < (p->twins ? PRICE_MODELS : 1); m++)
        model_row(names[m], &p->models[m], p->batch, &table);
    table_print(&table, style, out);
    table_free(&table);
    text_add(&words,
             "At %s an hour%s, always busy, at the rates above: for one sequence alone and for %lld at once.",
             plan_money(p->an_hour, hour),
             f->plan->input.cluster.ranks > 1 ? " for all devices together" : "", (long long)p->batch);
    if (p->twins)
        text_add(&words,
                 " Beside it dense models of the same layers, of equal active and of equal total size, in "
                 "types of as many bits. --explain price has the formula.");
    plan_paragraph(words.data ? words.data : "", 0, style, out);
    text_free(&words);
}
