/*
 * In which types plan counts weights.
 */
#include "model/presets.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static json_t *plan_json(struct test_output output) {
    if (output.status != 0) fail_msg("exit %d: %s", output.status, output.err);
    json_t *root =
        json_parse(output.out, (int64_t)output.out_bytes, (struct json_limits){ 1 << 24, 16 }, NULL);
    assert_non_null(root);
    return root;
}

static void counted_in(struct test_output output, const char *dtype, const char *from, double gigabytes) {
    json_t *root = plan_json(output);
    double weights = json_number_value(json_object_get(json_object_get(root, "memory"), "weights")) / 1e9;
    assert_string_equal(json_string_value(json_object_get(root, "dtype")), dtype);
    assert_string_equal(json_string_value(json_object_get(root, "dtype_from")), from);
    if (!(weights > 0.99 * gigabytes && weights < 1.01 * gigabytes)) fail_msg("%s: %g GB", dtype, weights);
    json_decref(root);
}

/* People planned disks and cards for twice the size of a model that is published in float8, for plan counted
 * every config in bf16. */
TEST(plan_counts_what_is_published) {
    counted_in(test_run("plan", "deepseek-v3", "--json"), "f8_e4m3", "published", 673.5);
    counted_in(test_run("plan", "gpt-oss-20b", "--json"), "mxfp4_bf16", "published", 13.76);
    counted_in(test_run("plan", "mixtral-8x7b", "--json"), "bf16", "published", 93.4);
    counted_in(test_run("plan", "deepseek-v3", "--json", "--dtype", "bf16"), "bf16", "asked", 1342);
    assert_non_null(strstr(test_run("plan", "deepseek-v3").out, "as published: f8_e4m3, 627 GiB"));
    assert_non_null(strstr(test_run("plan", "--table", "--format", "csv").out, "kimi-k2,"));
}

static void write_config(char *path, const char *extra) {
    const char *text = preset_find("olmoe-1b-7b")->text;
    test_temp_path(path, "config.json");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%.*s%s}", (int)strlen(text) - 1, text, extra);
    assert_int_equal(fclose(file), 0);
}

/* A config of a model that others had packed (GPTQ) was refused, though plan needs no weights. */
TEST(plan_counts_what_others_pack) {
    char path[TEST_PATH_MAX];
    write_config(path,
                 ",\"torch_dtype\":\"float16\",\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4,"
                 "\"group_size\":128}");
    counted_in(test_run("plan", path, "--json"), "gptq_4bit", "published", 3.92);
    write_config(path, ",\"quantization_config\":{\"quant_method\":\"hqq\"}");
    counted_in(test_run("plan", path, "--json"), "bf16", "assumed", 13.84);
    assert_non_null(strstr(test_run("plan", path).out, "hqq"));
    write_config(path, ",\"torch_dtype\":\"float32\"");
    counted_in(test_run("plan", path, "--json"), "f32", "published", 27.68);
    write_config(path, "");
    counted_in(test_run("plan", path, "--json"), "bf16", "assumed", 13.84);
    assert_non_null(strstr(test_run("plan", path).out, "names no type"));
}
