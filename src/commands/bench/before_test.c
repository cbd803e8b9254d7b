/*
 * Earlier runs of bench: read back as they were written, refused by name where they are not that.
 */
#include "commands/bench/report.h"
#include "fuzzed.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char path[TEST_PATH_MAX];

static void write_text(const char *text) {
    test_temp_path(path, "before.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

#define MODEL "\"model\":{\"path\":\"m.gguf\",\"family\":\"Some\",\"weight_bytes\":123}"
#define WORDS                                                                                                \
    "\"precision\":\"fast\",\"regime\":\"integer\",\"kv\":\"f16\",\"level\":\"avx2\",\"version\":\"1\""
#define ROW(test, batch, threads, rate, runs)                                                                \
    "{\"test\":\"" test "\",\"batch\":" batch ",\"threads\":" threads ",\"tok_per_s\":" rate                 \
    ",\"runs_tok_per_s\":" runs "," MODEL "," WORDS "}"

static const struct bench_identity identity = { .path = "elsewhere/m.gguf",
                                                .family = "Some",
                                                .weight_bytes = 123,
                                                .precision = "fast",
                                                .regime = "integer",
                                                .kv = "f16",
                                                .level = "avx512",
                                                .version = "2" };

static void expect_refused(const char *text, const char *place, const char *words) {
    struct bench_before before;
    struct sy_error err = { 0 };
    char line[1024];
    write_text(text);
    if (bench_before_open(path, &before, &err)) fail_msg("taken: %s", text);
    sy_error_line(&err, line, sizeof line);
    if (!strstr(line, words) || !strstr(line, place)) fail_msg("%s\n%s", text, line);
    assert_non_null(strstr(line, "before.json: "));
}

TEST(what_is_no_bench_is_refused_by_name) {
    expect_refused("", "", "line 1");
    expect_refused("{", "", "line 1");
    expect_refused("3", "", "no list");
    expect_refused("{}", "", "no list");
    expect_refused("[]", "", "no row");
    expect_refused("[1]", "row 1", "no object");
    expect_refused("[{}]", "row 1", "\"test\"");
    expect_refused("[" ROW("pp", "1", "2", "3", "[3]") "]", "row 1", "\"test\"");
    expect_refused("[" ROW("pp5x", "1", "2", "3", "[3]") "]", "row 1", "\"test\"");
    expect_refused("[" ROW("pp55555555555555555555555555555", "1", "2", "3", "[3]") "]", "row 1", "\"test\"");
    expect_refused("[" ROW("pp5", "0", "2", "3", "[3]") "]", "row 1", "\"batch\"");
    expect_refused("[" ROW("pp5", "1", "\"2\"", "3", "[3]") "]", "row 1", "\"threads\"");
    expect_refused("[" ROW("pp5", "1", "2", "-3", "[3]") "]", "row 1", "\"tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "\"3\"", "[3]") "]", "row 1", "\"tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "[]") "]", "row 1", "\"runs_tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "[3,0]") "]", "row 1", "\"runs_tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "[3,null]") "]", "row 1", "\"runs_tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "3") "]", "row 1", "\"runs_tok_per_s\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "[1e999]") "]", "", "");
    expect_refused("[{\"test\":\"pp5\",\"batch\":1,\"threads\":2,\"tok_per_s\":3,\"runs_tok_per_s\":[3]}]",
                   "row 1", "\"model\"");
    expect_refused("[" ROW("pp5", "1", "2", "3", "[3]") ",{}]", "row 2", "\"test\"");
    expect_refused("[{\"test\":\"pp5\",\"batch\":1,\"threads\":2,\"tok_per_s\":null}]", "", "no row");
    expect_refused(
        "[" ROW("pp5", "1", "2", "3", "[3]") ",{\"test\":\"pp5\",\"batch\":1,\"threads\":2,"
                                             "\"tok_per_s\":3,\"runs_tok_per_s\":[3]," MODEL
                                             ",\"precision\":\"exact\",\"regime\":null,"
                                             "\"kv\":\"f32\",\"level\":\"avx2\",\"version\":\"1\"}]",
        "row 2", "another model or arithmetic");
    struct bench_before before;
    struct sy_error err = { 0 };
    assert_false(bench_before_open("/nowhere", &before, &err));
    assert_string_equal(err.file, "/nowhere");
}

static void expect_unfit(const struct bench_before *before, struct bench_identity now, const char *words) {
    struct sy_error err = { 0 };
    if (bench_before_fits(before, &now, &err)) fail_msg("fits: %s", words);
    if (!strstr(err.message, words)) fail_msg("%s", err.message);
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_string_equal(err.file, path);
}

TEST(another_model_or_arithmetic_is_refused) {
    struct bench_before before;
    write_text("[" ROW("pp5", "1", "2", "3", "[3]") "]");
    assert_true(bench_before_open(path, &before, NULL));
    assert_true(bench_before_fits(&before, &identity, NULL)); /* moved, newer, at another level */
    struct bench_identity now = identity;
    now.weight_bytes = 124;
    expect_unfit(&before, now,
                 "is of another model: m.gguf (Some, 123 bytes of weights), and this is elsewhere/m.gguf");
    now = identity;
    snprintf(now.family, sizeof now.family, "Other");
    expect_unfit(&before, now, "is of another model");
    now = identity;
    snprintf(now.regime, sizeof now.regime, "bf16");
    expect_unfit(&before, now, "was measured in regime integer, this run in regime bf16");
    now = identity;
    snprintf(now.precision, sizeof now.precision, "exact");
    expect_unfit(&before, now, "was measured in fast, this run in exact");
    now = identity;
    snprintf(now.kv, sizeof now.kv, "q8_0");
    expect_unfit(&before, now, "was measured with a cache in f16, this run with a cache in q8_0");
    bench_before_close(&before);
}

static struct bench_run runs[] = {
    { .seconds = 0.1 }, { .seconds = 0.2 }, { .seconds = 0.4 }, { .seconds = 0.5 }
};

TEST(other_threads_or_no_test_in_common_are_refused) {
    struct bench_before before;
    struct sy_error err = { 0 };
    const struct bench_test test = { .length = 5, .batch = 1, .threads = 4 };
    write_text("[" ROW("pp5", "1", "2", "3", "[3]") "]");
    assert_true(bench_before_open(path, &before, NULL));
    assert_false(bench_before_meets(&before, &test, 1, &err));
    assert_string_equal(err.message, "was measured with 2 threads, this run has 4");
    const struct bench_test other = { .length = 6, .batch = 1, .threads = 2 };
    assert_false(bench_before_meets(&before, &other, 1, &err));
    assert_string_equal(err.message, "has none of the tests of this run");
    bench_before_close(&before);
}

TEST(rows_stand_beside_those_of_the_same_test) {
    struct bench_before before;
    struct text text = { 0 };
    const struct style style = { .columns = 80 };
    const struct bench_test tests[] = {
        { .length = 5, .batch = 1, .threads = 2, .runs = 4, .run = runs },
        { .steps = true, .length = 5, .batch = 1, .threads = 2, .runs = 4, .run = runs },
        { .steps = true, .length = 5, .batch = 4, .threads = 2, .runs = 2, .run = runs },
        { .length = 7, .batch = 1, .threads = 2, .runs = 4, .run = runs },
    };
    write_text(
        "[" ROW("pp5", "1", "2", "5", "[4,5,6,7]") "," ROW("tg5", "1", "2", "20", "[9,10,30,40]") "," ROW(
            "tg5", "4", "2", "50",
            "[40,60]") "," ROW("tg5", "1", "4", "3",
                               "[3]") "," ROW("pp9", "1", "2", "2.5",
                                              "[2.5]") ",{\"test\":\"pp7\",\"tok_per_s\":null}]");
    assert_true(bench_before_open(path, &before, NULL));
    assert_int_equal(before.count, 5);
    assert_true(bench_before_meets(&before, tests, 4, NULL));
    struct bench_facts facts = {
        .tests = tests, .count = 4, .identity = &identity, .runs_as = "fast", .before = &before
    };
    bench_report_human(&facts, &style, &text);
    const char *table = strstr(text.data, "\nbefore: ");
    assert_non_null(table);
    assert_string_equal(table, "\nbefore: version 1, avx2 kernels; after: version 2, avx512 kernels\n"
                               "test  batch  threads  before  after  ratio  change\n"
                               "pp5       1        2     5.0   18.8  3.750  faster\n"
                               "tg5       1        2    20.0   18.8  0.938  within the noise\n"
                               "tg5       4        2    50.0  150.0  3.000  too few runs to tell\n"
                               "pp7       1        2       -   26.2      -  not measured before\n"
                               "tg5       1        4     3.0      -      -  not measured now\n"
                               "pp9       1        2     2.5      -      -  not measured now\n");
    text_free(&text);
    bench_report_json(&facts, &text);
    const char *ends[] = {
        "\"compare\":{\"before_tok_per_s\":5,\"ratio\":3.75,\"p\":0.02857142857142857,\"change\":\"faster\"}"
        "}",
        "\"change\":\"within the noise\"}}",
        "\"change\":\"too few runs to tell\"}}",
        "\"compare\":null}",
        ",{\"test\":\"tg5\",\"batch\":1,\"threads\":4,\"tok_per_s\":null,\"compare\":{\"before_tok_per_s\":3}"
        "},"
        "{\"test\":\"pp9\",",
    };
    for (int i = 0; i < 5; i++)
        if (!strstr(text.data, ends[i])) fail_msg("no %s in %s", ends[i], text.data);
    text_free(&text);
    bench_before_close(&before);
}

int fuzz_earlier(const uint8_t *bytes, size_t size);
size_t fuzz_earlier_mutate(uint8_t *bytes, size_t size, size_t room, unsigned seed);

TEST(mutated_earlier_runs) {
    const struct fuzzed fuzzed = { fuzz_earlier, fuzz_earlier_mutate };
    fuzzed_run(&fuzzed, 4000, 2026);
}
