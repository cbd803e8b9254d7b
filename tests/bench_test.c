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
    assert_int_equal(json_object_size(row), 8);
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
}

static void expect_error(struct test_output got, int status, const char *words) {
    if (got.status != status || !strstr(got.err, words)) print_error("%d: %s", got.status, got.err);
    assert_int_equal(got.status, status);
    assert_string_equal(got.out, "");
    assert_non_null(strstr(got.err, words));
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1);
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
