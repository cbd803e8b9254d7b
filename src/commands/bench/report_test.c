#include "commands/bench/report.h"
#include "test.h"

#include <math.h>
#include <string.h>

/* Shares of a machine that reads 4 GB/s and takes 1, 2 and 4 GOP/s: f32, bf16, integers. */
#define LIMITS                                                                                               \
    {                                                                                                        \
        .read_bytes = 4e9, .read_loop = "loads", .products = { 1e9, 2e9, 4e9 }                               \
    }

/* A prompt of 600 and 4 sequences of 30 steps, at so many seconds a run. */
static struct bench_run prompt_runs[] = {
    { .seconds = 20, .bytes = 8e9, .joules = 60, .operations = { { 2e9, 4e9, 24e9 } } }, /* 10 s at least */
    { .seconds = 60, .bytes = 8e9, .joules = 120, .operations = { { 2e9, 4e9, 24e9 } } },
    { .seconds = 24, .bytes = 8e9, .joules = 90, .operations = { { 2e9, 4e9, 24e9 } } },
};
static struct bench_run step_runs[] = {
    { .seconds = 4, .bytes = 8e9, .joules = NAN, .operations = { { 1e9, 0, 0 } } },
    { .seconds = 12, .bytes = 8e9, .joules = NAN, .operations = { { 1e9, 0, 0 } } },
};
static double step_seconds[200];

static const struct bench_test prompt = {
    .length = 600, .batch = 1, .threads = 2, .runs = 3, .run = prompt_runs, .limits = LIMITS
};
static const struct bench_test silent = { .length = 128, .batch = 1, .threads = 2 };
static const struct bench_test steps = { .steps = true,
                                         .length = 30,
                                         .batch = 4,
                                         .threads = 1,
                                         .runs = 2,
                                         .run = step_runs,
                                         .limits = LIMITS,
                                         .step_seconds = step_seconds };

static const struct bench_identity identity = { .path = "m.gguf",
                                                .family = "Some",
                                                .weight_bytes = 123,
                                                .precision = "fast",
                                                .regime = "integer",
                                                .kv = "f16",
                                                .level = "avx2",
                                                .version = "1" };
#define IDENTITY                                                                                             \
    ",\"model\":{\"path\":\"m.gguf\",\"family\":\"Some\",\"weight_bytes\":123},\"precision\":\"fast\","      \
    "\"regime\":\"integer\",\"kv\":\"f16\",\"level\":\"avx2\",\"version\":\"1\""
#define MACHINE                                                                                              \
    ",\"machine\":{\"read_byte_per_s\":4000000000,\"read_by\":\"loads\",\"f32_op_per_s\":1000000000,"        \
    "\"bf16_op_per_s\":2000000000,\"integer_op_per_s\":4000000000,\"product_op_per_s\":"

static struct bench_facts facts_of(const struct bench_test *tests, int64_t count) {
    return (struct bench_facts){
        .tests = tests, .count = count, .identity = &identity, .runs_as = "fast", .layers = 4
    };
}

static void fill_steps(struct bench_test *test, int count) {
    for (int i = 0; i < count; i++) step_seconds[i * 7 % count] = (i + 1) * 1e-3; /* in disorder */
    test->step_count = count;
}

static const struct style style = { .columns = 80 };

static char *human(const struct bench_facts *facts) {
    static struct text text;
    text_free(&text);
    bench_report_human(facts, &style, &text);
    return text.data;
}

static char *json(const struct bench_facts *facts) {
    static struct text text;
    text_free(&text);
    bench_report_json(facts, &text);
    return text.data;
}

static void expect_words(const char *text, const char *words) {
    if (!strstr(text, words)) fail_msg("no \"%s\" in:\n%s", words, text);
}

TEST(the_median_of_runs_counts) {
    struct bench_summary s = bench_summary(&prompt);
    assert_true(s.rate == 25 && s.least == 10 && s.most == 30);
    assert_true(s.product_share == 10.0 / 24 && s.read_share == 2.0 / 24);
    assert_true(s.products && s.share == s.product_share);
    assert_true(s.product_rate == 3e9 && s.bytes == 8e9 / 600 && s.operations == 30e9 / 600);
    assert_true(s.joules == 0.15 && isnan(s.step_median) && isnan(s.step_slow));
    s = bench_summary(&steps);
    assert_true(s.rate == 20 && s.least == 10 && s.most == 30);
    assert_true(!s.products && s.share == (2.0 / 4 + 2.0 / 12) / 2 && isnan(s.joules));
}

TEST(of_a_hundred_steps_99_are_no_slower) {
    static const struct {
        int count;
        double median, slow;
    } cases[] = { { 1, 1, 1 },       { 2, 1.5, 2 },    { 99, 50, 99 },
                  { 100, 50.5, 99 }, { 101, 51, 100 }, { 200, 100.5, 198 } };
    struct bench_test test = steps;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fill_steps(&test, cases[i].count);
        struct bench_summary s = bench_summary(&test);
        if (fabs(s.step_median * 1e3 - cases[i].median) > 1e-9 ||
            fabs(s.step_slow * 1e3 - cases[i].slow) > 1e-9)
            fail_msg("%d: %g, %g", cases[i].count, s.step_median * 1e3, s.step_slow * 1e3);
    }
}

TEST(the_json_of_bench_is_a_contract) {
    struct bench_test tests[] = { prompt, silent, steps };
    struct bench_facts facts = facts_of(tests, 3);
    fill_steps(&tests[2], 3);
    tests[2].other_rate = 0;
    assert_string_equal(
        json(&facts),
        "[{\"test\":\"pp600\",\"batch\":1,\"threads\":2,\"tok_per_s\":25,\"min\":10,\"max\":30,"
        "\"limit_share\":0.4166666666666667,\"limit\":\"products\",\"read_share\":0.08333333333333333,"
        "\"product_share\":0.4166666666666667,\"byte_per_tok\":13333333.333333334,\"op_per_tok\":50000000,"
        "\"f32_op_per_tok\":3333333.3333333335,\"bf16_op_per_tok\":6666666.666666667,\"integer_op_per_tok\":"
        "40000000,"
        "\"step_ms_median\":null,\"step_ms_p99\":null,\"joule_per_tok\":0.15,\"runs_tok_per_s\":[30,10,"
        "25]" MACHINE "3000000000}" IDENTITY
        "},{\"test\":\"tg30\",\"batch\":4,\"threads\":1,\"tok_per_s\":20,\"min\":10,\"max\":30,"
        "\"limit_share\":0.3333333333333333,\"limit\":\"reading\",\"read_share\":0.3333333333333333,"
        "\"product_share\":0.16666666666666666,\"byte_per_tok\":66666666.666666664,"
        "\"op_per_tok\":8333333.333333333,\"f32_op_per_tok\":8333333.333333333,\"bf16_op_per_tok\":0,"
        "\"integer_op_per_tok\":0,\"step_ms_median\":2,\"step_ms_p99\":3,\"joule_per_tok\":null,"
        "\"runs_tok_per_s\":[30,10]" MACHINE "1000000000}" IDENTITY "}]\n");
}

/* Where there are experts. */
TEST(bench_tells_how_evenly_experts_were_used) {
    struct bench_test test = prompt;
    struct bench_facts facts = facts_of(&test, 1);
    test.evenness = 3 * 0.75;
    expect_words(json(&facts), ",\"load_evenness\":0.75,");
    expect_words(human(&facts), "\nexperts used with evenness 0.75 (1: all alike)\n");
}

TEST(people_get_a_table_of_what_was_run) {
    struct bench_test tests[] = { prompt, silent, steps };
    struct bench_facts facts = facts_of(tests, 3);
    for (int i = 0; i < 3; i++) prompt_runs[i].joules = NAN;
    fill_steps(&tests[2], 3);
    assert_string_equal(human(&facts), "m.gguf (Some)\nfast\n\n"
                                       "test   batch  threads  tok/s  least  most       of the machine\n"
                                       "pp600      1        2   25.0   10.0  30.0   41.7 % of products\n"
                                       "tg30       4        1   20.0   10.0  30.0  33.3 % of bandwidth\n\n"
                                       "a step  batch  threads   median  99 of 100 within\n"
                                       "tg30        4        1  2.00 ms           3.00 ms\n\n"
                                       "threads  the machine reads         f32        bf16    integers\n"
                                       "      2          4.00 GB/s  1.00 GOP/s  2.00 GOP/s  4.00 GOP/s\n"
                                       "      1          4.00 GB/s  1.00 GOP/s  2.00 GOP/s  4.00 GOP/s\n"
                                       "(it read fastest by loads)\n");
    for (int i = 0; i < 3; i++) prompt_runs[i].joules = 90;
    expect_words(human(&facts), "of the machine  J/tok\n");
    expect_words(human(&facts), "41.7 % of products   0.15\n");
    expect_words(human(&facts), "33.3 % of bandwidth\n");
}

TEST(a_profile_has_a_column_a_test) {
    struct bench_test tests[6];
    struct bench_facts facts = facts_of(tests, 6);
    for (int i = 0; i < 6; i++) {
        tests[i] = prompt;
        tests[i].profile = true;
        tests[i].times.passes = 5;
        tests[i].times.seconds[STAGE_EXPERTS] = 0.75;
        tests[i].times.seconds[STAGE_HEAD] = 0.25;
        tests[i].barriers = 5 * 4 * 11 + 10;
        tests[i].barrier_seconds = 0.1;
    }
    const char *text = human(&facts);
    expect_words(text, "\nwhere the time went  pp600 b1 t2  pp600 b1 t2  pp600 b1 t2  pp600 b1 t2\n");
    expect_words(text, "\nexperts                   75.0 %       75.0 %       75.0 %       75.0 %\n");
    expect_words(text, "\na pass                    200 ms       200 ms       200 ms       200 ms\n"
                       "of it waiting             10.0 %       10.0 %       10.0 %       10.0 %\n"
                       "barriers a layer            11.5         11.5         11.5         11.5\n\n"
                       "where the time went  pp600 b1 t2  pp600 b1 t2\n");
    expect_words(json(&facts),
                 ",\"profile\":{\"router_ms\":0,\"dispatch_ms\":0,\"experts_ms\":750,\"combine_ms\":0,"
                 "\"attention_ms\":0,\"dense_ms\":0,\"head_ms\":250,\"other_ms\":0,"
                 "\"total_ms\":1000,\"barriers_ms\":100,\"barriers\":230,\"passes\":5,"
                 "\"layers\":4,\"barriers_per_layer\":11.5}");
}

TEST(the_other_regime_is_one_line) {
    struct bench_test tests[] = { prompt, prompt };
    struct bench_facts facts = facts_of(tests, 2);
    assert_null(strstr(human(&facts), "--regime"));
    tests[0].length = 60; /* at 2.5 tok/s */
    tests[0].other_rate = 5;
    tests[1].other_rate = 40;
    expect_words(
        human(&facts),
        "\n--regime bf16 would make prompts 1.60 times as fast here: pp600 40.0 beside 25.0 tok/s\n");
    expect_words(json(&facts), ",\"regime_bf16_tok_per_s\":40,");
}
