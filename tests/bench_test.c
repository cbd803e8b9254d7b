/*
 * bench from outside: its rows are a contract, its errors one line.
 */
#include "base/json.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static const char config[] =
    "{\"architectures\": [\"MixtralForCausalLM\"], \"model_type\": \"mixtral\", \"hidden_size\": 32,"
    " \"intermediate_size\": 48, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
    "\"num_key_value_heads\": 2, \"num_local_experts\": 5, \"num_experts_per_tok\": 2, \"vocab_size\": 100, "
    "\"rms_norm_eps\": 1e-5, \"rope_theta\": 1e6, \"max_position_embeddings\": 64, \"hidden_act\": "
    "\"silu\"}";

static const char *model(void) {
    static char path[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    test_temp_path(path, "c.json");
    test_temp_path(folder, "m.gguf");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(config, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(test_run("synth", path, "--out", folder, "--dtype", "q8_0").status, 0);
    return folder;
}

static void expect_error(struct test_output got, int status, const char *words) {
    if (got.status != status || !strstr(got.err, words)) print_error("%d: %s", got.status, got.err);
    assert_int_equal(got.status, status);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, words));
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
}

static double number(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) fail_msg("%s is no number", key);
    return json_number_value(value);
}

/* What was read and multiplied, the machine's limits, and what was measured. */
static void expect_facts(const json_t *row, double rate, double share) {
    static const char *const rates[] = { "read_byte_per_s", "f32_op_per_s", "bf16_op_per_s",
                                         "integer_op_per_s", "product_op_per_s" };
    static const char *const words[] = { "precision", "regime", "kv", "level", "version" };
    const json_t *machine = json_object_get(row, "machine"), *model = json_object_get(row, "model");
    double read = number(row, "read_share"), product = number(row, "product_share");
    assert_true(share == (read > product ? read : product));
    assert_string_equal(json_string_value(json_object_get(row, "limit")),
                        read >= product ? "reading" : "products");
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) assert_true(number(machine, rates[i]) > 0);
    assert_non_null(json_string_value(json_object_get(machine, "read_by")));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        assert_non_null(json_string_value(json_object_get(row, words[i])));
    assert_true(number(model, "weight_bytes") > 0);
    assert_non_null(json_string_value(json_object_get(model, "path")));
    /* one run's share is rate x amount / limit; so the median's is near */
    double want = rate * number(row, "byte_per_tok") / number(machine, "read_byte_per_s");
    assert_true(read > want * 0.3 && read < want * 3);
}

/* Steps have times, and prompts have none. */
static void expect_steps(const json_t *row, bool steps, double least, double most) {
    const json_t *runs = json_object_get(row, "runs_tok_per_s"), *joules;
    assert_int_equal(json_array_size(runs), 2);
    for (size_t i = 0; i < 2; i++) {
        double rate = json_number_value(json_array_get(runs, i));
        assert_true(rate >= least && rate <= most);
    }
    joules = json_object_get(row, "joule_per_tok");
    assert_true(json_is_null(joules) || json_number_value(joules) > 0);
    if (steps)
        assert_true(number(row, "step_ms_p99") >= number(row, "step_ms_median") &&
                    number(row, "step_ms_median") > 0);
    else
        assert_true(json_is_null(json_object_get(row, "step_ms_p99")) &&
                    json_is_null(json_object_get(row, "step_ms_median")));
}

static void expect_row(const json_t *rows, size_t index, const char *name, int batch, int threads) {
    const json_t *row = json_array_get(rows, index);
    assert_string_equal(json_string_value(json_object_get(row, "test")), name);
    assert_int_equal(json_integer_value(json_object_get(row, "batch")), batch);
    assert_int_equal(json_integer_value(json_object_get(row, "threads")), threads);
    double rate = json_number_value(json_object_get(row, "tok_per_s")),
           least = json_number_value(json_object_get(row, "min")),
           most = json_number_value(json_object_get(row, "max")),
           share = json_number_value(json_object_get(row, "limit_share"));
    assert_true(least > 0 && rate >= least && most >= rate && share > 0);
    double even = json_number_value(json_object_get(row, "load_evenness"));
    assert_true(even > 0 && even <= 1);
    expect_facts(row, rate, share);
    expect_steps(row, name[0] == 't', least, most);
    assert_null(json_object_get(row, "compare"));
    assert_null(json_object_get(row, "profile"));
}

TEST(bench_prints_a_row_for_each_test) {
    struct test_output got =
        test_run("bench", model(), "-p", "3,16", "-n", "4", "-b", "1,2", "-t", "1,2", "-r", "2", "--json");
    assert_string_equal(got.err, "");
    assert_int_equal(got.status, 0);
    json_t *rows = json_parse(got.out, (int64_t)got.out_bytes, (struct json_limits){ 1 << 20, 8 }, NULL);
    assert_int_equal(json_array_size(rows), 8);
    for (int threads = 1; threads <= 2; threads++) {
        size_t first = threads == 1 ? 0 : 4;
        expect_row(rows, first, "pp3", 1, threads);
        expect_row(rows, first + 1, "pp16", 1, threads);
        expect_row(rows, first + 2, "tg4", 1, threads);
        expect_row(rows, first + 3, "tg4", 2, threads);
    }
    json_decref(rows);
}

TEST(bench_prints_a_table) {
    struct test_output got =
        test_run("bench", model(), "-p", "0", "-n", "5", "-t", "1", "-r", "1", "--regime", "bf16");
    assert_string_equal(got.err, "");
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.out, "fast, bf16 regime, f16 cache, "));
    assert_non_null(strstr(got.out, "\ntg5 "));
    assert_null(strstr(got.out, "pp"));
    assert_non_null(strstr(got.out, "\na step  batch  threads "));
    assert_non_null(strstr(got.out, "\nthreads  the machine reads "));
    assert_null(strstr(got.out, "where the time went"));
}

TEST(bench_tells_where_the_time_went) {
    const char *m = model();
    struct test_output got = test_run("bench", m, "-p", "6", "-n", "5", "-t", "2", "-r", "1", "--profile");
    assert_string_equal(got.err, "");
    assert_int_equal(got.status, 0);
    assert_non_null(strstr(got.out, "\nwhere the time went  pp6 b1 t2  tg5 b1 t2\n"));
    assert_non_null(strstr(got.out, "\nbarriers a layer "));
    got = test_run("bench", m, "-p", "6", "-n", "0", "-t", "2", "-r", "2", "--profile", "--json");
    json_t *rows = json_parse(got.out, (int64_t)got.out_bytes, (struct json_limits){ 1 << 20, 8 }, NULL);
    const json_t *profile = json_object_get(json_array_get(rows, 0), "profile");
    assert_true(number(profile, "experts_ms") > 0 && number(profile, "total_ms") > 0);
    assert_true(number(profile, "barriers_ms") > 0 &&
                number(profile, "barriers_ms") < number(profile, "total_ms"));
    assert_true(number(profile, "passes") == 2 && number(profile, "layers") == 2);
    assert_true(number(profile, "barriers_per_layer") == number(profile, "barriers") / 4);
    json_decref(rows);
}

/* A run beside itself: the rows that both have, and those that one lacks. */
TEST(bench_compares_with_an_earlier_run) {
    static char before[TEST_PATH_MAX];
    const char *m = model();
    struct test_output got = test_run("bench", m, "-p", "4,6", "-n", "3", "-t", "1", "-r", "1", "--json");
    assert_int_equal(got.status, 0);
    test_temp_path(before, "before.json");
    FILE *file = fopen(before, "w");
    assert_non_null(file);
    fputs(got.out, file);
    assert_int_equal(fclose(file), 0);
    got = test_run("bench", m, "-p", "6,8", "-n", "3", "-t", "1", "-r", "2", "--compare", before);
    assert_string_equal(got.err, "");
    assert_int_equal(got.status, 0);
    const char *words[] = { "\ntest  batch  threads ",
                            "before  ",
                            "after ",
                            "ratio  change\n",
                            "\ntg3 ",
                            "  too few runs to tell\n",
                            "  not measured before\n",
                            "  not measured now\n" };
    const char *from = strstr(got.out, "\nbefore: version ");
    assert_non_null(from);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (!strstr(from, words[i])) fail_msg("no %s in %s", words[i], from);
    got = test_run("bench", m, "-p", "6", "-n", "0", "-t", "1", "--compare", before, "--json");
    json_t *rows = json_parse(got.out, (int64_t)got.out_bytes, (struct json_limits){ 1 << 20, 8 }, NULL);
    assert_int_equal(json_array_size(rows), 3);
    const json_t *row = json_array_get(rows, 0), *compare = json_object_get(row, "compare");
    assert_int_equal(json_array_size(json_object_get(row, "runs_tok_per_s")), 5); /* enough for an answer */
    assert_true(number(compare, "ratio") == number(row, "tok_per_s") / number(compare, "before_tok_per_s"));
    assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "tok_per_s")));
    json_decref(rows);
    expect_error(test_run("bench", m, "-p", "6", "-n", "3", "-t", "2", "--compare", before), 1,
                 "before.json: was measured with 1 thread, this run has 2");
    expect_error(test_run("bench", m, "-p", "7", "-n", "0", "-t", "1", "--compare", before), 1,
                 "before.json: has none of the tests of this run");
    expect_error(
        test_run("bench", m, "-p", "6", "-n", "3", "-t", "1", "--regime", "bf16", "--compare", before), 1,
        "before.json: was measured in regime integer, this run in regime bf16");
    expect_error(test_run("bench", m, "-p", "6", "-n", "3", "-t", "1", "--exact", "--compare", before), 1,
                 "before.json: was measured in fast, this run in exact");
    expect_error(test_run("bench", m, "-p", "6", "-n", "3", "-t", "1", "--compare", m), 1, "m.gguf: ");
    file = fopen(before, "w");
    assert_non_null(file);
    fputs("{}\n", file);
    assert_int_equal(fclose(file), 0);
    expect_error(
        test_run("bench", m, "-p", "6", "-n", "3", "-t", "1", "--compare", before), 1,
        "before.json: is not what `bench --json` prints: no list; bench MODEL --json > FILE makes one");
    expect_error(test_run("bench", m, "-p", "6", "-n", "3", "-t", "1", "--compare", "/nowhere"), 1,
                 "/nowhere: ");
}

TEST(bench_refuses_what_it_cannot_measure) {
    const char *m = model();
    expect_error(test_run("bench"), 2, "too few");
    expect_error(test_run("bench", m, "-p", "1,x"), 2, "--prompt 1,x");
    expect_error(test_run("bench", m, "-p", "-4"), 2, "--prompt -4");
    expect_error(test_run("bench", m, "-b", "0"), 2, "--batch 0");
    expect_error(test_run("bench", m, "-b", "5000"), 2, "--batch 5000");
    expect_error(test_run("bench", m, "-t", "257"), 2, "--threads 257");
    expect_error(test_run("bench", m, "-t", "99999999999999999999"), 2, "--threads 9999");
    expect_error(test_run("bench", m, "-r", "0"), 2, "-r takes a whole number from 1");
    expect_error(test_run("bench", m, "-n", "99999999"), 2, "-n takes a whole number from 0");
    expect_error(test_run("bench", m, "-p", "0", "-n", "0"), 2, "nothing to measure");
    expect_error(test_run("bench", m, "-p", "65", "-n", "1"), 1, "65 positions, and there is room for 64");
    expect_error(test_run("bench", m, "-p", "8", "-n", "33"), 1, "--ctx 65");
    expect_error(test_run("bench", m, "--memory", "1K"), 1, "--memory");
    expect_error(test_run("bench", "/nowhere"), 1, "/nowhere");
}
