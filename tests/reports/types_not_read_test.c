/*
 * Types of weights that are not read: what needs no weight works, what needs them says which type it is.
 */
#include "base/os.h"
#include "converted.h"
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FALSE_ADVICE "fetch the file again"

static void refuses(struct test_output output, const char *tensor, const char *type) {
    must_refuse(output, type);
    if (!strstr(output.err, tensor)) fail_msg("does not name %s: %s", tensor, output.err);
    if (strstr(output.err, FALSE_ADVICE) || strstr(output.err, "not of the same model"))
        fail_msg("false advice: %s", output.err);
}

static json_t *json_of(struct test_output output) {
    json_t *json = json_loads(must_run(output).out, 0, NULL);
    assert_non_null(json);
    return json;
}

static int64_t number(const json_t *json, const char *key, const char *inner) {
    const json_t *value = json_object_get(json, key);
    return json_integer_value(inner ? json_object_get(value, inner) : value);
}

static int64_t sum_of_bytes(const json_t *types) {
    int64_t sum = 0;
    const char *name;
    json_t *type;
    json_object_foreach((json_t *)(uintptr_t)types, name, type) sum += number(type, "bytes", NULL);
    return sum;
}

/* Somebody's safetensors file held a type of its own: the whole file was called damaged. */
TEST(reports_a_private_type_of_safetensors) {
    static const char expert[] = "model.layers.0.block_sparse_moe.experts.1.w1.weight";
    struct hostile h;
    hostile_open(&h);
    struct hostile_tensor *t = hostile_tensor(&h, expert);
    t->dtype = "NV_FP6";
    t->bytes = t->bytes * 6 / 16;
    hostile_write(&h);
    refuses(test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"), expert, "NV_FP6");
    must_refuse(
        test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"),
        "take a file in a type that is (F16, BF16, F8_E4M3, MXFP4; in GGUF also Q2_K to Q8_0, IQ4_XS); "
        "`show` and `plan` work all the same");
    json_t *shown = json_of(test_run("show", test_temp_dir(), "--json"));
    const json_t *types = json_object_get(shown, "dtypes");
    assert_int_equal(number(types, "NV_FP6", "tensors"), 1);
    assert_int_equal(number(types, "NV_FP6", "bytes"), t->bytes);
    json_decref(shown);
    must_run(test_run("plan", test_temp_dir()));
    t->dtype = "F16";
    t->bytes = t->bytes * 16 / 6;
    hostile_write(&h);
    must_run(test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"));
    hostile_close(&h);
}

/* The type numbers of the tensors called `name` in a GGUF file become `type`. */
static void retype(const char *path, const char *name, uint32_t type) {
    char *bytes;
    int64_t size;
    assert_true(os_read_file(path, 1 << 24, &bytes, &size, NULL));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    size_t length = strlen(name);
    for (size_t i = 8; i + length + 16 < (size_t)size; i++) {
        uint32_t rank;
        if (memcmp(bytes + i, name, length) != 0) continue;
        memcpy(&rank, bytes + i + length, sizeof rank);
        assert_int_equal(fseek(file, (long)(i + length + 4 + 8 * rank), SEEK_SET), 0);
        assert_int_equal(fwrite(&type, sizeof type, 1, file), 1);
        break;
    }
    fclose(file);
    free(bytes);
}

/* The small files that most people have mix IQ types: `show` and `plan` refused them as well, and gave advice
 * about something else. */
TEST(reports_types_of_gguf_that_are_not_read) {
    static const struct {
        uint32_t id;
        const char *name;
        int64_t bytes; /* of 256 elements; 0: nobody knows */
    } types[] = { { 21, "IQ3_S", 110 }, { 40, "NVFP4", 144 }, { 16, "IQ2_XXS", 66 }, { 250, "type 250", 0 } };
    static const char tensor[] = "blk.1.ffn_down_exps.weight";
    static const char config[] =
        "{\"model_type\": \"mixtral\", \"vocab_size\": 64, \"hidden_size\": 256, \"intermediate_size\": 256, "
        "\"num_hidden_layers\": 2, \"num_attention_heads\": 4, \"num_key_value_heads\": 2, "
        "\"num_local_experts\": 2, \"num_experts_per_tok\": 1}";
    char model[TEST_PATH_MAX], from[TEST_PATH_MAX];
    hostile_config_text(config);
    test_temp_path(from, "config.json");
    test_temp_path(model, "m.gguf");
    must_run(test_run("synth", from, "--out", model, "--dtype", "q8_0"));
    static const char *const read[] = { "f16", "bf16", "mxfp4", "q4_k", "q6_k", "q8_0" };
    for (int i = 0; i < 6; i++) { /* as the refusal says; q8_0 last, whose sizes follow */
        must_run(test_run("synth", from, "--out", model, "--dtype", read[i], "--force"));
        must_run(test_run("run", model, "--ids", "1,2", "-n", "1"));
    }
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        retype(model, tensor, types[i].id);
        refuses(test_run("run", model, "--ids", "1,2", "-n", "1"), tensor, types[i].name);
        json_t *shown = json_of(test_run("show", model, "--json", "--tensors"));
        const json_t *dtypes = json_object_get(shown, "dtypes");
        assert_int_equal(number(dtypes, types[i].name, "tensors"), 1);
        assert_int_equal(number(dtypes, types[i].name, "bytes"), 2 * 256 * types[i].bytes);
        must_run(test_run("show", model));
        json_t *plan = json_of(test_run("plan", model, "--json"));
        assert_int_equal(number(plan, "weights_bytes", "stored"), sum_of_bytes(dtypes));
        json_decref(plan);
        json_decref(shown);
        bool said = strstr(must_run(test_run("plan", model)).err, "not counted") != NULL;
        assert_int_equal(said, types[i].bytes == 0);
    }
}
