/*
 * bench as JSON: a list of rows that each stand alone. Units are in the keys; a share of 1 is all.
 */
#include "commands/bench/report.h"
#include "commands/emit.h"

#include <math.h>
#include <stdio.h>

const char *const bench_parts[BENCH_PARTS] = { "router",    "dispatch", "experts", "combine",
                                               "attention", "dense",    "head",    "other" };

double bench_barriers_a_layer(const struct bench_facts *facts, const struct bench_test *test) {
    double layers = (double)(test->times.passes * facts->layers);
    return layers > 0 ? (double)test->barriers / layers : 0;
}

static void emit_rates(const struct bench_test *test, const struct bench_summary *s, struct emit *e) {
    emit_real(e, "tok_per_s", s->rate);
    emit_real(e, "min", s->least);
    emit_real(e, "max", s->most);
    emit_real(e, "limit_share", s->share);
    emit_string(e, "limit", s->products ? "products" : "reading");
    emit_real(e, "read_share", s->read_share);
    emit_real(e, "product_share", s->product_share);
    emit_real(e, "byte_per_tok", s->bytes);
    emit_real(e, "op_per_tok", s->operations);
    emit_real(e, "f32_op_per_tok", s->kinds.of[ARITHMETIC_F32]);
    emit_real(e, "bf16_op_per_tok", s->kinds.of[ARITHMETIC_BF16]);
    emit_real(e, "integer_op_per_tok", s->kinds.of[ARITHMETIC_INTEGER]);
    emit_real(e, "step_ms_median", s->step_median * 1e3);
    emit_real(e, "step_ms_p99", s->step_slow * 1e3);
    emit_real(e, "joule_per_tok", s->joules);
    if (s->evenness > 0) emit_real(e, "load_evenness", s->evenness);
    if (test->other_rate > 0) emit_real(e, "regime_bf16_tok_per_s", test->other_rate);
    emit_list(e, "runs_tok_per_s");
    for (int64_t i = 0; i < test->runs; i++) emit_real(e, NULL, bench_rate(test, i));
    emit_end(e);
}

static void emit_machine(const struct bench_test *test, const struct bench_summary *s, struct emit *e) {
    emit_object(e, "machine");
    emit_real(e, "read_byte_per_s", test->limits.read_bytes);
    emit_string(e, "read_by", test->limits.read_loop);
    emit_real(e, "f32_op_per_s", test->limits.products[ARITHMETIC_F32]);
    emit_real(e, "bf16_op_per_s", test->limits.products[ARITHMETIC_BF16]);
    emit_real(e, "integer_op_per_s", test->limits.products[ARITHMETIC_INTEGER]);
    emit_real(e, "product_op_per_s", s->product_rate);
    emit_end(e);
}

static void emit_identity(const struct bench_identity *identity, struct emit *e) {
    emit_object(e, "model");
    emit_string(e, "path", identity->path);
    emit_string(e, "family", identity->family);
    emit_int(e, "weight_bytes", identity->weight_bytes);
    emit_end(e);
    emit_string(e, "precision", identity->precision);
    emit_string(e, "regime", identity->regime[0] ? identity->regime : NULL);
    emit_string(e, "kv", identity->kv);
    emit_string(e, "level", identity->level);
    emit_string(e, "version", identity->version);
}

static void emit_profile(const struct bench_facts *facts, const struct bench_test *test, struct emit *e) {
    double total = 0;
    emit_object(e, "profile");
    for (int i = 0; i < BENCH_PARTS; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_ms", bench_parts[i]);
        emit_real(e, key, test->times.seconds[i] * 1e3);
        total += test->times.seconds[i];
    }
    emit_real(e, "total_ms", total * 1e3);
    emit_real(e, "barriers_ms", test->barrier_seconds * 1e3);
    emit_int(e, "barriers", test->barriers);
    emit_int(e, "passes", test->times.passes);
    emit_int(e, "layers", facts->layers);
    emit_real(e, "barriers_per_layer", bench_barriers_a_layer(facts, test));
    emit_end(e);
}

static void emit_change(const struct bench_before_row *row, const struct bench_test *test,
                        const struct bench_summary *s, struct emit *e) {
    if (!row) {
        emit_string(e, "compare", NULL);
        return;
    }
    struct rank_verdict verdict = bench_before_change(row, test);
    emit_object(e, "compare");
    emit_real(e, "before_tok_per_s", row->rate);
    emit_real(e, "ratio", s->rate / row->rate);
    emit_real(e, "p", verdict.p);
    emit_string(e, "change", rank_word(verdict.change));
    emit_end(e);
}

static void emit_row(const struct bench_facts *facts, const struct bench_test *test, struct emit *e) {
    struct bench_summary s = bench_summary(test);
    char name[24];
    bench_test_name(test, name);
    emit_object(e, NULL);
    emit_string(e, "test", name);
    emit_int(e, "batch", test->batch);
    emit_int(e, "threads", test->threads);
    emit_rates(test, &s, e);
    emit_machine(test, &s, e);
    emit_identity(facts->identity, e);
    if (facts->before) emit_change(bench_before_row(facts->before, test), test, &s, e);
    if (test->profile) emit_profile(facts, test, e);
    if (facts->load && test->load) {
        struct expert_table own = *facts->load;
        own.counts = test->load;
        emit_object(e, "routing");
        expert_table_emit(&own, e);
        emit_end(e);
    }
    emit_end(e);
}

/* A row of the earlier run that this one lacks. */
static void emit_lacking(const struct bench_before_row *row, struct emit *e) {
    emit_object(e, NULL);
    emit_string(e, "test", row->test);
    emit_int(e, "batch", row->batch);
    emit_int(e, "threads", row->threads);
    emit_string(e, "tok_per_s", NULL);
    emit_object(e, "compare");
    emit_real(e, "before_tok_per_s", row->rate);
    emit_end(e);
    emit_end(e);
}

void bench_report_json(const struct bench_facts *facts, struct text *out) {
    struct emit e = { .text = out };
    emit_list(&e, NULL);
    for (int64_t i = 0; i < facts->count; i++)
        if (facts->tests[i].runs > 0) emit_row(facts, &facts->tests[i], &e);
    for (int64_t i = 0; facts->before && i < facts->before->count; i++)
        if (!facts->before->rows[i].met) emit_lacking(&facts->before->rows[i], &e);
    emit_end(&e);
}
