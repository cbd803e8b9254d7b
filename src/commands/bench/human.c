/*
 * bench for people: a table of rates, one of steps, what the machine can do, and what else was asked for.
 */
#include "base/checked.h"
#include "commands/bench/report.h"
#include "report/number.h"
#include "report/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The cells that every table begins with. */
struct head {
    char name[24], batch[24], threads[24];
};

static struct head head_of(const struct bench_test *test) {
    struct head head;
    bench_test_name(test, head.name);
    snprintf(head.batch, sizeof head.batch, "%lld", (long long)test->batch);
    snprintf(head.threads, sizeof head.threads, "%d", test->threads);
    return head;
}

static void end_table(struct table *table, const struct style *style, struct text *out) {
    table_print(table, style, out);
    table_free(table);
}

/* ---- rates ---- */

static void add_row(const struct bench_test *test, struct table *table) {
    char rate[32], least[32], most[32], share[64], part[NUMBER_TEXT], joules[32] = "";
    struct bench_summary s = bench_summary(test);
    struct head h = head_of(test);
    snprintf(rate, sizeof rate, "%.1f", s.rate);
    snprintf(least, sizeof least, "%.1f", s.least);
    snprintf(most, sizeof most, "%.1f", s.most);
    snprintf(share, sizeof share, "%s of %s", number_share(s.share, 1, part),
             s.products ? "products" : "bandwidth");
    if (!isnan(s.joules)) snprintf(joules, sizeof joules, "%.3g", s.joules);
    table_row(table, h.name, h.batch, h.threads, rate, least, most, share, joules);
}

static void show_rates(const struct bench_facts *facts, const struct style *style, struct text *out) {
    bool energy = false;
    for (int64_t i = 0; i < facts->count; i++)
        energy |= facts->tests[i].runs > 0 && !isnan(bench_summary(&facts->tests[i]).joules);
    struct table table = { .columns = energy ? 8 : 7, .align = "lrrrrrrr", .head = true };
    table_row(&table, "test", "batch", "threads", "tok/s", "least", "most", "of the machine", "J/tok");
    for (int64_t i = 0; i < facts->count; i++)
        if (facts->tests[i].runs > 0) add_row(&facts->tests[i], &table);
    end_table(&table, style, out);
}

static void show_steps(const struct bench_facts *facts, const struct style *style, struct text *out) {
    struct table table = { .columns = 5, .align = "lrrrr", .head = true };
    bool any = false;
    table_row(&table, "a step", "batch", "threads", "median", "99 of 100 within");
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        if (test->runs == 0 || test->step_count == 0) continue;
        char median[NUMBER_TEXT], slow[NUMBER_TEXT];
        struct bench_summary s = bench_summary(test);
        struct head h = head_of(test);
        any = true;
        table_row(&table, h.name, h.batch, h.threads, number_seconds(s.step_median, median),
                  number_seconds(s.step_slow, slow));
    }
    if (any) text_add(out, "\n");
    if (any) table_print(&table, style, out);
    table_free(&table);
}

/* ---- the machine ---- */

static void show_machine(const struct bench_facts *facts, const struct style *style, struct text *out) {
    struct table table = { .columns = 5, .align = "rrrrr", .head = true };
    const struct bench_test *last = NULL;
    table_row(&table, "threads", "the machine reads", "f32", "bf16", "integers");
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        if (test->runs == 0 || (last && last->threads == test->threads)) continue;
        char rates[1 + ARITHMETIC_COUNT][NUMBER_TEXT];
        struct head h = head_of(test);
        for (int a = 0; a < ARITHMETIC_COUNT; a++)
            number_rate(test->limits.products[a], "OP/s", rates[a + 1]);
        table_row(&table, h.threads, number_rate(test->limits.read_bytes, "B/s", rates[0]),
                  rates[1 + ARITHMETIC_F32], rates[1 + ARITHMETIC_BF16], rates[1 + ARITHMETIC_INTEGER]);
        last = test;
    }
    text_add(out, "\n");
    end_table(&table, style, out);
    if (last && last->limits.read_loop) text_add(out, "(it read fastest by %s)\n", last->limits.read_loop);
}

/* ---- an earlier run ---- */

static void show_before(const struct bench_facts *facts, const struct style *style, struct text *out) {
    const struct bench_before *before = facts->before;
    struct table table = { .columns = 7, .align = "lrrrrrl", .head = true };
    table_row(&table, "test", "batch", "threads", "before", "after", "ratio", "change");
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        const struct bench_before_row *row = bench_before_row(before, test);
        if (test->runs == 0) continue;
        char then[32] = "-", now[32], ratio[32] = "-";
        double rate = bench_summary(test).rate;
        struct head h = head_of(test);
        snprintf(now, sizeof now, "%.1f", rate);
        if (row) snprintf(then, sizeof then, "%.1f", row->rate);
        if (row) snprintf(ratio, sizeof ratio, "%.3f", rate / row->rate);
        table_row(&table, h.name, h.batch, h.threads, then, now, ratio,
                  row ? rank_word(bench_before_change(row, test).change) : "not measured before");
    }
    for (int64_t i = 0; i < before->count; i++) {
        const struct bench_before_row *row = &before->rows[i];
        char then[32], batch[24], threads[24];
        if (row->met) continue;
        snprintf(then, sizeof then, "%.1f", row->rate);
        snprintf(batch, sizeof batch, "%lld", (long long)row->batch);
        snprintf(threads, sizeof threads, "%lld", (long long)row->threads);
        table_row(&table, row->test, batch, threads, then, "-", "-", "not measured now");
    }
    text_add(out, "\nbefore: version %s, %s kernels; after: version %s, %s kernels\n",
             before->identity.version, before->identity.level, facts->identity->version,
             facts->identity->level);
    end_table(&table, style, out);
}

/* ---- where the time went ---- */

/* Parts down, up to four tests across. */
enum { PROFILE_ACROSS = 4 };

static void profile_part(const struct bench_test *const tests[PROFILE_ACROSS], int count, int part,
                         struct table *table) {
    const char *cells[1 + PROFILE_ACROSS] = { bench_parts[part] };
    char text[PROFILE_ACROSS][NUMBER_TEXT];
    for (int i = 0; i < count; i++) {
        double total = 0;
        for (int p = 0; p < BENCH_PARTS; p++) total += tests[i]->times.seconds[p];
        cells[1 + i] = number_share(tests[i]->times.seconds[part], total, text[i]);
    }
    table_add(table, cells);
}

static void profile_sums(const struct bench_facts *facts,
                         const struct bench_test *const tests[PROFILE_ACROSS], int count,
                         struct table *table) {
    const char *whole[1 + PROFILE_ACROSS] = { "a pass" }, *waiting[1 + PROFILE_ACROSS] = { "of it waiting" },
                          *barriers[1 + PROFILE_ACROSS] = { "barriers a layer" };
    char text[3][PROFILE_ACROSS][NUMBER_TEXT];
    for (int i = 0; i < count; i++) {
        double total = 0, passes = (double)max_i64(1, tests[i]->times.passes);
        for (int p = 0; p < BENCH_PARTS; p++) total += tests[i]->times.seconds[p];
        whole[1 + i] = number_seconds(total / passes, text[0][i]);
        waiting[1 + i] = number_share(tests[i]->barrier_seconds, total, text[1][i]);
        snprintf(text[2][i], NUMBER_TEXT, "%.1f", bench_barriers_a_layer(facts, tests[i]));
        barriers[1 + i] = text[2][i];
    }
    table_add(table, whole);
    table_add(table, waiting);
    table_add(table, barriers);
}

static void show_profiles(const struct bench_facts *facts,
                          const struct bench_test *const tests[PROFILE_ACROSS], int count,
                          const struct style *style, struct text *out) {
    struct table table = { .columns = 1 + count, .align = "lrrrr", .head = true };
    const char *heads[1 + PROFILE_ACROSS] = { "where the time went" };
    char text[PROFILE_ACROSS][80];
    for (int i = 0; i < count; i++) {
        struct head h = head_of(tests[i]);
        snprintf(text[i], sizeof text[i], "%.20s b%.10s t%.10s", h.name, h.batch, h.threads);
        heads[1 + i] = text[i];
    }
    table_add(&table, heads);
    for (int part = 0; part < BENCH_PARTS; part++) profile_part(tests, count, part, &table);
    profile_sums(facts, tests, count, &table);
    text_add(out, "\n");
    end_table(&table, style, out);
}

static void show_profile(const struct bench_facts *facts, const struct style *style, struct text *out) {
    const struct bench_test *across[PROFILE_ACROSS];
    int count = 0;
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        if (test->runs > 0 && test->profile) across[count++] = test;
        if (count == 0 || (count < PROFILE_ACROSS && i + 1 < facts->count)) continue;
        show_profiles(facts, across, count, style, out);
        count = 0;
    }
}

/* ---- all of it ---- */

/* On a machine whose tiles take bf16 faster than integers are taken. */
static void show_other_regime(const struct bench_facts *facts, struct text *out) {
    const struct bench_test *longest = NULL;
    for (int64_t i = 0; i < facts->count; i++) {
        const struct bench_test *test = &facts->tests[i];
        if (test->runs > 0 && test->other_rate > 0 && (!longest || test->length > longest->length))
            longest = test;
    }
    if (!longest) return;
    struct head h = head_of(longest);
    double rate = bench_summary(longest).rate;
    text_add(out, "\n--regime bf16 would make prompts %.2f times as fast here: %s %.1f beside %.1f tok/s\n",
             longest->other_rate / rate, h.name, longest->other_rate, rate);
}

void bench_report_human(const struct bench_facts *facts, const struct style *style, struct text *out) {
    double evenness = 0;
    int64_t runs = 0;
    text_add(out, "%s (%s)\n%s\n\n", facts->identity->path, facts->identity->family, facts->runs_as);
    show_rates(facts, style, out);
    show_steps(facts, style, out);
    show_machine(facts, style, out);
    if (facts->before) show_before(facts, style, out);
    show_profile(facts, style, out);
    show_other_regime(facts, out);
    for (int64_t i = 0; i < facts->count; i++)
        evenness += facts->tests[i].evenness, runs += facts->tests[i].runs;
    if (evenness > 0)
        text_add(out, "\nexperts used with evenness %.2f (1: all alike)\n", evenness / (double)runs);
    if (!facts->load) return;
    text_add(out, "\n");
    expert_table_show(facts->load, style, out);
}
