#include "commands/bench/report.h"

#include "commands/emit.h"
#include "report/number.h"
#include "report/table.h"

#include <stdio.h>

static void name_of(const struct bench_test *test, char name[32]) {
    snprintf(name, 32, "%s%lld", test->steps ? "tg" : "pp", (long long)test->length);
}

void bench_report_json(const struct bench_facts *facts, struct text *out) {
    struct emit e = { .text = out };
    char name[32];
    emit_list(&e, NULL);
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        if (test->runs == 0) continue;
        struct bench_summary s = bench_summary(test);
        name_of(test, name);
        emit_object(&e, NULL);
        emit_string(&e, "test", name);
        emit_int(&e, "batch", test->batch);
        emit_int(&e, "threads", test->threads);
        emit_real(&e, "tok_per_s", s.rate);
        emit_real(&e, "min", s.least);
        emit_real(&e, "max", s.most);
        emit_real(&e, "limit_share", s.share);
        if (s.evenness > 0) emit_real(&e, "load_evenness", s.evenness);
        if (facts->load && test->load) {
            struct expert_table own = *facts->load;
            own.counts = test->load;
            emit_object(&e, "routing");
            expert_table_emit(&own, &e);
            emit_end(&e);
        }
        emit_end(&e);
    }
    emit_end(&e);
}

static void add_row(const struct bench_test *test, struct table *table) {
    char name[32], batch[24], threads[24], rate[32], least[32], most[32], share[64], part[NUMBER_TEXT];
    struct bench_summary s = bench_summary(test);
    name_of(test, name);
    snprintf(batch, sizeof batch, "%lld", (long long)test->batch);
    snprintf(threads, sizeof threads, "%d", test->threads);
    snprintf(rate, sizeof rate, "%.1f", s.rate);
    snprintf(least, sizeof least, "%.1f", s.least);
    snprintf(most, sizeof most, "%.1f", s.most);
    snprintf(share, sizeof share, "%s of %s", number_share(s.share, 1, part),
             test->steps ? "bandwidth" : "products");
    table_row(table, name, batch, threads, rate, least, most, share);
}

void bench_report_human(const struct bench_facts *facts, const struct style *style, struct text *out) {
    struct table table = { .columns = 7, .align = "lrrrrrr", .head = true };
    double evenness = 0;
    int64_t runs = 0;
    text_add(out, "%s\n%s\n\n", facts->model, facts->runs_as);
    table_row(&table, "test", "batch", "threads", "tok/s", "least", "most", "of the machine");
    for (int64_t i = 0; i < facts->count; i++) {
        if (facts->tests[i].runs > 0) add_row(&facts->tests[i], &table);
        evenness += facts->tests[i].evenness, runs += facts->tests[i].runs;
    }
    table_print(&table, style, out);
    table_free(&table);
    if (evenness > 0)
        text_add(out, "\nexperts used with evenness %.2f (1: all alike)\n", evenness / (double)runs);
    if (!facts->load) return;
    text_add(out, "\n");
    expert_table_show(facts->load, style, out);
}
