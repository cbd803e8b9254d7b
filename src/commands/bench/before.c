#include "commands/bench/before.h"
#include "commands/bench/summary.h"

#include "base/json.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits limits = { .bytes = (int64_t)64 << 20, .depth = 16 };
enum { ROWS_MAX = 8192 };

/* ---- what is measured now ---- */

void bench_identity_of(const struct session *session, struct bench_identity *out) {
    bool exact = session->numerics.compute == COMPUTE_F32;
    *out = (struct bench_identity){ .weight_bytes = memory_weights(&session->need) };
    sy_clean(out->path, sizeof out->path, session->model.path);
    sy_clean(out->family, sizeof out->family, session->model.family->name);
    snprintf(out->precision, sizeof out->precision, "%s", exact ? "exact" : "fast");
    if (!exact)
        snprintf(out->regime, sizeof out->regime, "%s",
                 session->numerics.regime == REGIME_INTEGER ? "integer" : "bf16");
    snprintf(out->kv, sizeof out->kv, "%s", dtype_name(session->numerics.kv));
    for (char *c = out->kv; *c; c++) *c = (char)tolower((unsigned char)*c);
    snprintf(out->level, sizeof out->level, "%s", level_name(session->kernels.level));
    snprintf(out->version, sizeof out->version, "%.60s", sy_version());
}

void bench_test_name(const struct bench_test *test, char name[24]) {
    snprintf(name, 24, "%s%lld", test->steps ? "tg" : "pp", (long long)test->length);
}

/* ---- reading a file ---- */

static bool no_bench(struct sy_error *err, size_t row, const char *what) {
    sy_fail(err, SY_ERR_FORMAT, "is not what `bench --json` prints: %s", what);
    if (row > 0) sy_error_at(err, "row %zu", row);
    return sy_error_remedy(err, "bench MODEL --json > FILE makes one");
}

/* A string of that key into `out`; false where there is none, or it is too long. */
static bool take_word(const json_t *object, const char *key, char *out, size_t size) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text || strlen(text) >= size) return false;
    sy_clean(out, size, text);
    return true;
}

static bool take_count(const json_t *object, const char *key, int64_t least, int64_t *out) {
    return json_to_i64(json_object_get(object, key), out) && *out >= least;
}

static bool take_rate(const json_t *value, double *out) {
    *out = json_is_number(value) ? json_number_value(value) : 0;
    return isfinite(*out) && *out > 0;
}

static bool read_identity(const json_t *row, struct bench_identity *out) {
    const json_t *model = json_object_get(row, "model");
    *out = (struct bench_identity){ 0 };
    bool exact = json_is_null(json_object_get(row, "regime"));
    return take_word(model, "path", out->path, sizeof out->path) &&
           take_word(model, "family", out->family, sizeof out->family) &&
           take_count(model, "weight_bytes", 0, &out->weight_bytes) &&
           take_word(row, "precision", out->precision, sizeof out->precision) &&
           (exact || take_word(row, "regime", out->regime, sizeof out->regime)) &&
           take_word(row, "kv", out->kv, sizeof out->kv) &&
           take_word(row, "level", out->level, sizeof out->level) &&
           take_word(row, "version", out->version, sizeof out->version);
}

static bool is_test_name(const char *name) {
    bool known = strncmp(name, "pp", 2) == 0 || strncmp(name, "tg", 2) == 0;
    size_t digits = known ? strspn(name + 2, "0123456789") : 0;
    return digits > 0 && name[2 + digits] == 0;
}

static bool read_runs(const json_t *list, struct bench_before_row *out) {
    size_t count = json_array_size(list);
    if (count == 0 || count > BENCH_RUNS_MAX) return false;
    out->runs = calloc(count, sizeof *out->runs);
    out->run_count = (int64_t)count;
    for (size_t i = 0; out->runs && i < count; i++)
        if (!take_rate(json_array_get(list, i), &out->runs[i])) return false;
    return out->runs != NULL;
}

static bool read_row(const json_t *row, size_t number, struct bench_before_row *out, struct sy_error *err) {
    if (!json_is_object(row)) return no_bench(err, number, "no object");
    if (!take_word(row, "test", out->test, sizeof out->test) || !is_test_name(out->test))
        return no_bench(err, number, "\"test\" is no name such as pp512");
    if (!take_count(row, "batch", 1, &out->batch) || !take_count(row, "threads", 1, &out->threads))
        return no_bench(err, number, "\"batch\" or \"threads\" is no number from 1");
    if (!take_rate(json_object_get(row, "tok_per_s"), &out->rate))
        return no_bench(err, number, "\"tok_per_s\" is no rate");
    if (!read_runs(json_object_get(row, "runs_tok_per_s"), out))
        return no_bench(err, number, "\"runs_tok_per_s\" is no list of rates");
    return true;
}

/* Rows that a --compare printed for what it did not measure say so: their rate is null. */
static bool not_measured(const json_t *row) {
    return json_is_object(row) && json_is_null(json_object_get(row, "tok_per_s"));
}

static bool read_rows(const json_t *root, struct bench_before *out, struct sy_error *err) {
    if (!json_is_array(root)) return no_bench(err, 0, "no list");
    size_t count = json_array_size(root);
    if (count > ROWS_MAX) return no_bench(err, 0, "too many rows");
    out->rows = calloc(count + 1, sizeof *out->rows);
    if (!out->rows) return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu rows", count);
    for (size_t i = 0; i < count; i++) {
        const json_t *row = json_array_get(root, i);
        struct bench_identity identity;
        if (not_measured(row)) continue;
        struct bench_before_row *own = &out->rows[out->count++];
        if (!read_row(row, i + 1, own, err)) return false;
        if (!read_identity(row, &identity))
            return no_bench(err, i + 1, "what was measured is missing: \"model\", \"regime\", \"kv\", ...");
        if (out->count == 1) out->identity = identity;
        if (memcmp(&identity, &out->identity, sizeof identity) != 0)
            return no_bench(err, i + 1, "it is of another model or arithmetic than the rows before it");
    }
    return out->count > 0 || no_bench(err, 0, "no row");
}

/* Takes the root; what was refused leaves nothing. */
static bool read_root(json_t *root, struct bench_before *out, struct sy_error *err) {
    *out = (struct bench_before){ .path = "" };
    if (!root) return false;
    bool done = read_rows(root, out, err);
    json_decref(root);
    if (!done) bench_before_close(out);
    return done;
}

bool bench_before_parse(const char *text, int64_t size, struct bench_before *out, struct sy_error *err) {
    return read_root(json_parse(text, size, limits, err), out, err);
}

bool bench_before_open(const char *path, struct bench_before *out, struct sy_error *err) {
    if (!read_root(json_parse_file(path, limits, err), out, err)) return sy_error_in(err, path);
    out->path = path;
    return true;
}

void bench_before_close(struct bench_before *before) {
    for (int64_t i = 0; before->rows && i < before->count; i++) free(before->rows[i].runs);
    free(before->rows);
    *before = (struct bench_before){ 0 };
}

/* ---- does it fit? ---- */

static bool differs(const struct bench_before *before, struct sy_error *err, const char *what,
                    const char *then, const char *now) {
    sy_fail(err, SY_ERR_INPUT, "was measured %s %.60s, this run %s %.60s", what, then, what, now);
    return sy_error_in(err, before->path);
}

bool bench_before_fits(const struct bench_before *before, const struct bench_identity *now,
                       struct sy_error *err) {
    const struct bench_identity *then = &before->identity;
    if (strcmp(then->family, now->family) != 0 || then->weight_bytes != now->weight_bytes) {
        sy_fail(err, SY_ERR_INPUT,
                "is of another model: %.60s (%.40s, %lld bytes of weights), and this is %.60s (%.40s, %lld)",
                then->path, then->family, (long long)then->weight_bytes, now->path, now->family,
                (long long)now->weight_bytes);
        return sy_error_in(err, before->path);
    }
    if (strcmp(then->precision, now->precision) != 0)
        return differs(before, err, "in", then->precision, now->precision);
    if (strcmp(then->regime, now->regime) != 0)
        return differs(before, err, "in regime", then->regime, now->regime);
    if (strcmp(then->kv, now->kv) != 0) return differs(before, err, "with a cache in", then->kv, now->kv);
    return true;
}

static bool is_row_of(const struct bench_before_row *row, const struct bench_test *test) {
    char name[24];
    bench_test_name(test, name);
    return strcmp(row->test, name) == 0 && row->batch == test->batch && row->threads == test->threads;
}

bool bench_before_meets(struct bench_before *before, const struct bench_test *tests, int64_t count,
                        struct sy_error *err) {
    bool any = false, threads = false;
    for (int64_t i = 0; i < before->count; i++)
        for (int64_t j = 0; j < count; j++) {
            struct bench_before_row *row = &before->rows[i];
            if (row->threads == tests[j].threads) threads = true;
            if (is_row_of(row, &tests[j])) any = row->met = true;
        }
    if (any) return true;
    if (!threads)
        sy_fail(err, SY_ERR_INPUT, "was measured with %lld thread%s, this run has %d",
                (long long)before->rows[0].threads, before->rows[0].threads == 1 ? "" : "s",
                tests[0].threads);
    else
        sy_fail(err, SY_ERR_INPUT, "has none of the tests of this run");
    return sy_error_in(err, before->path);
}

/* ---- beside this run ---- */

const struct bench_before_row *bench_before_row(const struct bench_before *before,
                                                const struct bench_test *test) {
    for (int64_t i = 0; before && i < before->count; i++)
        if (is_row_of(&before->rows[i], test)) return &before->rows[i];
    return NULL;
}

struct rank_verdict bench_before_change(const struct bench_before_row *row, const struct bench_test *test) {
    double now[BENCH_RUNS_MAX];
    for (int64_t i = 0; i < test->runs; i++) now[i] = bench_rate(test, i);
    return rank_compare(row->runs, row->run_count, now, test->runs);
}
