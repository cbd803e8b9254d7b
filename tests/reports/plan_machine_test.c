/*
 * What people ask of a plan for machines: of theirs by name, what runs in it, what it costs.
 */
#include "plan/machines.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *plan_json(struct test_output output) {
    if (output.status != 0) fail_msg("exit %d: %s", output.status, output.err);
    json_t *root =
        json_parse(output.out, (int64_t)output.out_bytes, (struct json_limits){ 1 << 24, 16 }, NULL);
    assert_non_null(root);
    return root;
}

static double real(const json_t *root, const char *section, const char *key) {
    const json_t *value = json_object_get(section ? json_object_get(root, section) : root, key);
    if (!json_is_number(value)) fail_msg("%s.%s is no number", section ? section : "", key);
    return json_number_value(value);
}

static void close_to(double got, double want) {
    if (!(fabs(got / want - 1) < 1e-6)) fail_msg("%.10g, not %.10g", got, want);
}

static void narrow_enough(struct test_output got) {
    if (got.status != 0) fail_msg("%s", got.err);
    for (const char *line = got.out, *end; (end = strchr(line, '\n')); line = end + 1) {
        int columns = 0;
        for (const char *at = line; at < end; at++) columns += (*at & 0xc0) != 0x80;
        if (columns > 80) fail_msg("%.*s", (int)(end - line), line);
    }
}

/* The rates of an ordinary computer were printed for whatever machine people had, unless they looked its data
 * sheet up. */
TEST(plan_knows_machines_by_name) {
    json_t *root = plan_json(test_run("plan", "mixtral-8x7b", "--machine", "h100x8", "--json"));
    close_to(real(root, "roofline", "read_bytes_per_s"), 3.35e12);
    close_to(real(root, "roofline", "flops_per_s"), 989.5e12);
    assert_string_equal(json_string_value(json_object_get(json_object_get(root, "roofline"), "read_source")),
                        "machine");
    close_to(real(root, "ranks", "ranks"), 8);
    close_to(real(root, "ranks", "link_bytes_per_s"), 450e9);
    assert_true(json_is_string(
        json_object_get(json_object_get(json_object_get(root, "machine"), "read_bytes_per_s"), "source")));
    json_decref(root);
    root = plan_json(test_run("plan", "deepseek-v3", "--machine", "h100x8", "--json", "--bandwidth", "1T",
                              "--memory", "100G", "--ranks", "16", "--link", "50G"));
    close_to(real(root, "roofline", "read_bytes_per_s"), 1e12);
    close_to(real(root, "roofline", "flops_per_s"), 1979e12); /* float8 weights */
    close_to(real(root, "ranks", "ranks"), 16);
    close_to(real(root, "ranks", "link_bytes_per_s"), 50e9);
    json_decref(root);
    assert_int_equal(test_run("plan", "mixtral-8x7b", "--machine", "h100", "--measure").status, 2);
    struct test_output wrong = test_run("plan", "mixtral-8x7b", "--machine", "h10");
    assert_int_equal(wrong.status, 2);
    assert_non_null(strstr(wrong.err, "--machine list"));
    narrow_enough(test_run("plan", "deepseek-v3", "--machine", "h200x8", "--price", "30", "--batch", "64"));
    narrow_enough(test_run("plan", "--machine", "list"));
    narrow_enough(test_run("plan", "--table", "--machine", "b200", "--batch", "512"));
    assert_non_null(strstr(test_run("plan", "--machine", "list", "--json").out, "datasheet"));
    assert_non_null(strstr(test_run("plan", "mixtral-8x7b").out, "--machine NAME"));
    root = plan_json(test_run("plan", "olmoe-1b-7b", "--machine", "here", "--bandwidth", "20G", "--flops",
                              "1T", "--json")); /* so nothing is measured, which takes seconds */
    assert_true(json_is_boolean(json_object_get(root, "fits")));
    close_to(real(root, "roofline", "flops_per_s"), 1e12);
    json_decref(root);
}

/* People with eight cards were told that a model does not fit, by the memory of one. */
TEST(plan_says_that_it_fits_over_devices) {
    struct test_output got = test_run("plan", "deepseek-v3", "--machine", "h200x8");
    assert_non_null(strstr(got.out, "which fits"));
    assert_null(strstr(got.out, "It does not fit"));
    assert_non_null(strstr(got.out, "on each of 8: fits in 141 GiB"));
    got = test_run("plan", "deepseek-v3", "--machine", "h100x8", "--dtype", "bf16");
    assert_non_null(strstr(got.out, "It does not fit"));
    assert_non_null(strstr(got.out, "f8_e4m3 it fits")); /* over the eight, not on one */
}

static const json_t *row_of(const json_t *rows, const char *model, const char *dtype) {
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(json_string_value(json_object_get(row, "model")), model) == 0 &&
            strcmp(json_string_value(json_object_get(row, "dtype")), dtype) == 0)
            return row;
    }
    return NULL;
}

/* Somebody with a card of 24 GB had to try model after model, and type after type. */
TEST(plan_lists_what_fits) {
    json_t *root = plan_json(test_run("plan", "--fit", "24G", "--json"));
    const json_t *rows = json_object_get(root, "fits");
    assert_non_null(row_of(rows, "gpt-oss-20b", "mxfp4_bf16"));
    assert_true(json_is_true(json_object_get(row_of(rows, "gpt-oss-20b", "mxfp4_bf16"), "published")));
    assert_non_null(row_of(rows, "qwen3-30b-a3b", "q4_k_m"));
    assert_null(row_of(rows, "qwen3-30b-a3b", "bf16"));
    assert_null(row_of(rows, "deepseek-v3", "q2_k"));
    double last = 1e18;
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *model = json_string_value(json_object_get(row, "model"));
        double total = real(row, NULL, "total_params"), resident = real(row, NULL, "resident_bytes");
        if (total > last) fail_msg("%s is larger than the one before", model);
        if (resident > 24.0 * (1 << 30)) fail_msg("%s does not fit", model);
        last = total;
    }
    /* the same as its own plan says */
    const json_t *row = row_of(rows, "qwen3-30b-a3b", "q4_k_m");
    json_t *plan = plan_json(test_run("plan", "qwen3-30b-a3b", "--dtype", "q4_k_m", "--json"));
    close_to(real(row, NULL, "resident_bytes"), real(plan, "memory", "peak"));
    close_to(real(row, NULL, "tok_per_s"), real(plan, "roofline", "tok_per_s"));
    json_decref(plan);
    json_decref(root);
    root = plan_json(test_run("plan", "--fit", "--machine", "h200x8", "--json", "--dtype", "f8_e4m3"));
    assert_non_null(row_of(json_object_get(root, "fits"), "deepseek-v3", "f8_e4m3"));
    assert_null(row_of(json_object_get(root, "fits"), "deepseek-v3", "q4_k_m"));
    json_decref(root);
    root = plan_json(test_run("plan", "--fit", "24G", "--json", "--dtype", "published"));
    assert_non_null(row_of(json_object_get(root, "fits"), "gpt-oss-20b", "mxfp4_bf16"));
    assert_null(row_of(json_object_get(root, "fits"), "gpt-oss-20b", "mxfp4"));
    json_decref(root);
    narrow_enough(test_run("plan", "--fit", "1000G", "--ctx", "65536"));
    narrow_enough(test_run("plan", "--fit", "4000G", "--price", "1234.56"));
    root = plan_json(test_run("plan", "--fit", "24G", "--json", "--price", "3.6"));
    row = row_of(json_object_get(root, "fits"), "gpt-oss-20b", "mxfp4_bf16");
    close_to(real(row, NULL, "output_per_million"), 1000 / real(row, NULL, "tok_per_s"));
    json_decref(root);
    assert_non_null(strstr(test_run("plan", "--fit", "--memory", "24G", "--format", "csv").out,
                           "\ngpt-oss-20b,mxfp4_bf16,1,1,20914757184,"));
    assert_non_null(strstr(test_run("plan", "--fit", "24G", "--format", "markdown").out, "| gpt-oss-20b |"));
    assert_non_null(strstr(test_run("plan", "--fit").out, "free on this machine"));
    assert_int_equal(test_run("plan", "--fit", "mixtral-8x7b").status, 2);
    assert_int_equal(test_run("plan", "--fit", "24G", "--memory", "48G").status, 2);
    assert_non_null(strstr(test_run("plan", "--fit", "1M").out, "No preset fits"));
}

/* Who rents a machine by the hour wants to know what a million tokens cost, and what a dense model of that
 * size would. */
TEST(plan_prices_a_million_tokens) {
    json_t *root = plan_json(test_run("plan", "mixtral-8x7b", "--bandwidth", "1T", "--flops", "100T",
                                      "--price", "3.6", "--batch", "8", "--json"));
    const json_t *price = json_object_get(root, "price");
    const json_t *batch = json_array_get(json_object_get(json_object_get(root, "roofline"), "batches"), 0);
    close_to(real(price, "model", "output"), 1000 / real(batch, NULL, "tok_per_s"));
    close_to(real(price, "model", "output_batch"), 1000 / real(root, "roofline", "tok_per_s"));
    close_to(real(price, "model", "input"), 1000 / real(root, "roofline", "prompt_tok_per_s"));
    close_to(real(price, NULL, "batch"), 8);
    close_to(real(price, "dense_equal_total", "params"), 46701744128);
    /* memory binds: the model of equal total size reads all of it but the table, and its cache */
    double bytes = 2 * (46701744128 - 32000.0 * 4096) + 2 * 4096 + 131072.0 * 4097;
    close_to(real(price, "dense_equal_total", "output"), 1000 / (1e12 / bytes));
    json_decref(root);
    root = plan_json(test_run("plan", "gpt-oss-20b", "--price", "1", "--json"));
    price = json_object_get(root, "price"); /* a twin's FFNs are in mxfp4, as the experts are */
    double ratio = real(price, "dense_equal_total", "output") / real(price, "model", "output");
    if (!(ratio > 2.5 && ratio < 4.5)) fail_msg("%g times as dear", ratio);
    json_decref(root);
    root = plan_json(test_run("plan", "llama-3-8b", "--price", "1", "--json"));
    assert_null(json_object_get(json_object_get(root, "price"), "dense_equal_total"));
    json_decref(root);
    struct test_output both =
        test_run("plan", "mixtral-8x7b", "--vs", "qwen3-32b", "--machine", "a100-80gx2", "--price", "3.60");
    narrow_enough(both);
    assert_non_null(strstr(both.out, "a million out, batch 32"));
    assert_non_null(
        strstr(test_run("plan", "mixtral-8x7b", "--price", "2", "--explain", "price").out, "2.00 / 3600 s"));
}

/* Zero ranks, a link of five bytes a second, a billion sequences: they were taken, and figures of nothing
 * came. */
TEST(plan_refuses_silly_values) {
    static const char *const values[][2] = {
        { "--ranks", "0" },
        { "--ranks", "5000" },
        { "--link", "5" },
        { "--link", "0" },
        { "--batch", "0" },
        { "--batch", "-3" },
        { "--batch", "2000000" },
        { "--ctx", "0" },
        { "--ctx", "-1" },
        { "--ctx", "9999999999" },
        { "--memory", "0" },
        { "--memory", "24" },
        { "--bandwidth", "20" },
        { "--flops", "300" },
        { "--storage", "3" },
        { "--latency", "-1" },
        { "--latency", "1e9" },
        { "--price", "0" },
        { "--price", "-2" },
        { "--price", "1e300" },
        { "-t", "0" },
        { "-t", "100000" },
        { "--replicas", "100000" },
        { "--price", "nan" },
        { "--train", "batch=0" },
        { "--train", "batch=4,micro=8" },
        { "--train", "tokens=-1" },
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct test_output got = test_run("plan", "mixtral-8x7b", values[i][0], values[i][1]);
        const char *name = strcmp(values[i][0], "-t") == 0 ? "-t" : values[i][0];
        if (got.status != 2 || got.out_bytes > 0)
            fail_msg("%s %s: exit %d", values[i][0], values[i][1], got.status);
        if (!strstr(got.err, name) && !strstr(got.err, "--threads")) fail_msg("%s: %s", name, got.err);
    }
    assert_non_null(strstr(test_run("plan", "mixtral-8x7b", "--link", "5").err, "such as 20G"));
}

/* The height that an SVG says of itself. */
static double height_of(const char *path) {
    char text[2048] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t size = fread(text, 1, sizeof text - 1, file);
    text[size] = 0;
    fclose(file);
    const char *at = strstr(text, "height=\"");
    assert_non_null(at);
    return strtod(at + 8, NULL);
}

/* Two models side by side, and the picture showed the first alone. */
TEST(plan_draws_both_models) {
    char one[TEST_PATH_MAX], both[TEST_PATH_MAX];
    test_temp_path(one, "one.svg");
    test_temp_path(both, "both.svg");
    struct test_output got = test_run("plan", "olmoe-1b-7b", "--svg", one);
    if (got.status == 1) test_skip("built without cairo");
    assert_int_equal(got.status, 0);
    assert_int_equal(test_run("plan", "olmoe-1b-7b", "--vs", "olmoe-1b-7b", "--svg", both).status, 0);
    close_to(height_of(both), 2 * height_of(one));
}
