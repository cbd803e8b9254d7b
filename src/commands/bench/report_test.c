#include "commands/bench/report.h"
#include "test.h"

#include <string.h>

static double rates[] = { 30, 10, 25 }, work[] = { 3e9, 1e9, 2e9 };

static const struct bench_test tests[] = {
    { .length = 512, .batch = 1, .threads = 2, .runs = 3, .limit = 4e9, .rate = rates, .work = work },
    { .length = 128, .batch = 1, .threads = 2, .runs = 0, .rate = rates, .work = work },
    { .steps = true,
      .length = 64,
      .batch = 4,
      .threads = 1,
      .runs = 2,
      .limit = 1e10,
      .rate = rates,
      .work = work },
};

TEST(the_median_counts) {
    struct bench_summary s = bench_summary(&tests[0]);
    assert_true(s.rate == 25 && s.least == 10 && s.most == 30 && s.share == 0.5);
    s = bench_summary(&tests[2]);
    assert_true(s.rate == 20 && s.least == 10 && s.most == 30 && s.share == 0.2);
}

TEST(the_json_of_bench_is_a_contract) {
    struct bench_facts facts = { .tests = tests, .count = 3, .model = "m", .runs_as = "fast" };
    struct text text = { 0 };
    bench_report_json(&facts, &text);
    assert_string_equal(text.data,
                        "[{\"test\":\"pp512\",\"batch\":1,\"threads\":2,\"tok_per_s\":25,\"min\":10,"
                        "\"max\":30,\"limit_share\":0.5},{\"test\":\"tg64\",\"batch\":4,\"threads\":1,"
                        "\"tok_per_s\":20,\"min\":10,\"max\":30,\"limit_share\":0.2}]\n");
    text_free(&text);
}

/* Where there are experts. */
TEST(bench_tells_how_evenly_experts_were_used) {
    struct bench_test test = tests[0];
    struct bench_facts facts = { .tests = &test, .count = 1, .model = "m", .runs_as = "fast" };
    struct style style = { .columns = 80 };
    struct text text = { 0 };
    test.evenness = 3 * 0.75;
    bench_report_json(&facts, &text);
    assert_non_null(strstr(text.data, "\"limit_share\":0.5,\"load_evenness\":0.75}]\n"));
    text_free(&text);
    bench_report_human(&facts, &style, &text);
    assert_non_null(strstr(text.data, "\nexperts used with evenness 0.75 (1: all alike)\n"));
    text_free(&text);
}

TEST(people_get_a_table_of_what_was_run) {
    struct bench_facts facts = { .tests = tests, .count = 3, .model = "m", .runs_as = "fast" };
    struct style style = { .columns = 80 };
    struct text text = { 0 };
    bench_report_human(&facts, &style, &text);
    assert_string_equal(text.data, "m\nfast\n\n"
                                   "test   batch  threads  tok/s  least  most       of the machine\n"
                                   "pp512      1        2   25.0   10.0  30.0   50.0 % of products\n"
                                   "tg64       4        1   20.0   10.0  30.0  20.0 % of bandwidth\n");
    text_free(&text);
}
