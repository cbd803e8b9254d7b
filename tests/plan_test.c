/*
 * plan from outside: its JSON is a contract, its lines fit, what it says a checkpoint takes is what a session
 * takes, and what is wrong with a config is named.
 */
#include "engine/session.h"
#include "model/presets.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_of(struct test_output output) {
    if (output.status != 0) fail_msg("exit %d: %s", output.status, output.err);
    assert_string_equal(output.err, "");
    json_t *root =
        json_parse(output.out, (int64_t)output.out_bytes, (struct json_limits){ 1 << 24, 16 }, NULL);
    assert_non_null(root);
    return root;
}

static int64_t number(const json_t *root, const char *section, const char *key) {
    const json_t *object = section ? json_object_get(root, section) : root;
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) fail_msg("%s.%s is no number", section ? section : "", key);
    return (int64_t)json_number_value(value);
}

static bool is_null(const json_t *root, const char *key) {
    return json_is_null(json_object_get(root, key));
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* ---- the contract ---- */

TEST(plan_json_has_its_keys) {
    static const char *const numbers[] = { "total_params",       "active_params",   "active_params_no_embed",
                                           "kv_bytes_per_token", "flops_per_token", "bytes_per_token" };
    static const char *const memory[] = { "weights", "kv", "activations", "peak" };
    json_t *root = json_of(test_run("plan", "mixtral-8x7b", "--json"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) number(root, NULL, numbers[i]);
    for (size_t i = 0; i < 4; i++) number(root, "memory", memory[i]);
    assert_int_equal(number(root, NULL, "total_params"), 46702792704);
    assert_int_equal(number(root, "params_by_part", "routed_experts"), 45097156608);
    assert_int_equal(number(root, "weights_bytes", "bf16"), 2 * 46702792704);
    assert_true(number(root, "weights_bytes", "q4_k_m") > number(root, "weights_bytes", "q4_k"));
    assert_true(is_null(root, "fits") && is_null(root, "ranks") && is_null(root, "train"));
    number(root, "speculation", "resident");
    number(root, "speculation", "streamed");
    assert_true(json_is_string(json_object_get(root, "verdict")));
    json_decref(root);
    root = json_of(test_run("plan", "mixtral-8x7b", "--json", "--dtype", "Q4_K_M", "--memory", "24G",
                            "--ranks", "4", "--link", "200Gbit", "--train", "tokens=1T,batch=64,moments=bf16",
                            "--vs", "llama-3-8b"));
    assert_true(json_is_false(json_object_get(root, "fits")));
    assert_int_equal(number(root, "ranks", "experts_per_rank"), 3);
    assert_int_equal(number(root, "ranks", "link_bytes_per_s"), 25000000000);
    assert_int_equal(number(json_object_get(root, "train"), "memory", "optimizer"), 4 * 46702792704);
    assert_true(number(root, "expert_cache", "fetch_bytes_per_token") > 0);
    assert_int_equal(number(root, "vs", "total_params"), 8030261248);
    json_decref(root);
}

/* Every preset, everything asked for: no line is wider than a terminal. */
TEST(plan_fits_eighty_columns) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i += 3) {
        struct test_output got = test_run("plan", preset->name, "--memory", "24G", "--ranks", "8", "--batch",
                                          "32", "--train", "tokens=1T", "--price", "123.45");
        if (got.status != 0) fail_msg("%s: %s", preset->name, got.err);
        for (const char *line = got.out, *end; (end = strchr(line, '\n')); line = end + 1) {
            int columns = 0;
            for (const char *at = line; at < end; at++) columns += (*at & 0xc0) != 0x80;
            if (columns > 80) fail_msg("%s: %.*s", preset->name, (int)(end - line), line);
        }
    }
}

TEST(plan_explains_every_figure) {
    struct test_output unknown = test_run("plan", "olmoe-1b-7b", "--explain", "nothing_like_it");
    assert_int_equal(unknown.status, 2);
    static const char *const keys[] = { "total_params",
                                        "active_params",
                                        "active_params_no_embed",
                                        "params_by_part",
                                        "weights_bytes",
                                        "kv_bytes_per_token",
                                        "flops_per_token",
                                        "bytes_per_token",
                                        "memory",
                                        "fits",
                                        "speculation",
                                        "ranks",
                                        "train",
                                        "price",
                                        "verdict",
                                        "tok_per_s",
                                        "experts_per_layer",
                                        "expert_cache",
                                        "dense_twin",
                                        "flops_per_byte",
                                        "active_share",
                                        "prompt_flops_per_token" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct test_output got = test_run("plan", "olmoe-1b-7b", "--explain", keys[i], "--memory", "8G",
                                          "--ranks", "4", "--train", "tokens=1T", "--price", "2");
        if (got.status != 0 || !strchr(got.out, '\n')) fail_msg("%s: %s", keys[i], got.err);
    }
    assert_non_null(
        strstr(test_run("plan", "olmoe-1b-7b", "--explain", "active_params").out, "= 1282017280\n"));
}

TEST(plan_lists_and_tables) {
    assert_non_null(strstr(test_run("plan", "--list").out, "switch-c-2048"));
    assert_non_null(strstr(test_run("plan", "--table").out, "deepseek-v3"));
    struct test_output csv = test_run("plan", "--table", "--format", "csv");
    assert_non_null(
        strstr(csv.out, "\nmixtral-8x7b,46702792704,12879925248,12748853248,93405585408,131072,"));
    assert_non_null(strstr(test_run("plan", "--table", "--format", "markdown").out, "| --- | ---: |"));
    assert_int_equal(test_run("plan").status, 2);
    assert_int_equal(test_run("plan", "--list", "olmoe-1b-7b").status, 2);
}

/* A difference from what is published comes with its reason. */
TEST(plan_tells_why_it_differs) {
    assert_non_null(strstr(test_run("plan", "deepseek-v3").out, "multi-token prediction"));
    assert_non_null(strstr(test_run("plan", "llama4-scout").out, "vision"));
    assert_non_null(strstr(test_run("plan", "gpt-oss-20b").out, "input"));
}

TEST(plan_draws_or_says_what_is_missing) {
    char svg[TEST_PATH_MAX], png[TEST_PATH_MAX], head[8] = "";
    test_temp_path(svg, "plan.svg");
    test_temp_path(png, "plan.png");
    struct test_output got = test_run("plan", "mixtral-8x7b", "--memory", "24G", "--svg", svg, "--png", png);
    if (got.status == 1) {
        assert_non_null(strstr(got.err, "libcairo2-dev"));
        test_skip("built without cairo");
    }
    assert_int_equal(got.status, 0);
    FILE *file = fopen(svg, "r");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, 5, file), 5);
    assert_string_equal(head, "<?xml");
    fclose(file);
    file = fopen(png, "r");
    assert_non_null(file);
    assert_int_equal(fread(head, 1, 4, file), 4);
    assert_memory_equal(head, "\x89PNG", 4);
    fclose(file);
    /* Its own pictures are drawn anew; anybody else's, and the other kind of its own, only if asked for. */
    assert_int_equal(test_run("plan", "mixtral-8x7b", "--svg", svg, "--png", png).status, 0);
    assert_int_equal(test_run("plan", "mixtral-8x7b", "--svg", png).status, 1);
    write_file(svg, "<?xml version=\"1.0\"?>\n<svg/>\n");
    got = test_run("plan", "mixtral-8x7b", "--svg", svg);
    assert_int_equal(got.status, 1);
    assert_non_null(
        strstr(got.err, "is there already (text, 29 bytes), not a picture by plan; name another, or"));
    assert_int_equal(test_run("plan", "mixtral-8x7b", "--svg", svg, "--force").status, 0);
    assert_int_equal(test_run("plan", "mixtral-8x7b", "--svg", svg).status, 0);
}

/* ---- what is wrong is named ---- */

static void expect_field(const char *config, const char *field) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, "broken.json");
    write_file(path, config);
    struct test_output got = test_run("plan", path);
    assert_int_equal(got.status, 1);
    assert_string_equal(got.out, "");
    if (!strstr(got.err, field)) fail_msg("%s lacks %s", got.err, field);
    assert_ptr_equal(strchr(got.err, '\n'), got.err + got.err_bytes - 1); /* one line */
}

#define MIXTRAL                                                                                              \
    "\"model_type\":\"mixtral\",\"hidden_size\":32,\"vocab_size\":50,\"num_hidden_layers\":2,"               \
    "\"num_attention_heads\":4,\"num_key_value_heads\":2,\"intermediate_size\":12,"
#define SWITCH                                                                                               \
    "\"model_type\":\"switch_transformers\",\"d_model\":32,\"vocab_size\":50,\"num_layers\":2,\"d_ff\":8,"   \
    "\"num_decoder_layers\":2,\"num_experts\":4,\"d_kv\":8,"

TEST(broken_configs_name_the_field) {
    expect_field("{" MIXTRAL "\"num_local_experts\":4}", "num_experts_per_tok: missing");
    expect_field("{" MIXTRAL "\"num_local_experts\":4,\"num_experts_per_tok\":5}", "router.top_k");
    expect_field("{" MIXTRAL "\"num_local_experts\":-4,\"num_experts_per_tok\":2}", "num_local_experts");
    expect_field("{" MIXTRAL "\"num_local_experts\":9e30,\"num_experts_per_tok\":2}", "num_local_experts");
    expect_field("{" MIXTRAL "\"num_local_experts\":\"many\",\"num_experts_per_tok\":2}",
                 "num_local_experts");
    expect_field("{" SWITCH "\"num_heads\":4,\"num_sparse_encoder_layers\":3}", "num_sparse_encoder_layers");
    expect_field("{" SWITCH "\"num_heads\":0}", "num_heads");
    expect_field("{\"model_type\":\"dbrx\",\"d_model\":32}", "vocab_size: missing");
    expect_field("{\"model_type\":\"nobody\"}", "model_type");
    expect_field("[]", "no JSON object");
    struct test_output got = test_run("plan", "mixtral-8x7b", "--ctx", "1000000000000", "--batch", "1000000");
    assert_int_equal(got.status, 2);
    got = test_run("plan", "mixtral-8x7b", "--ctx", "2000000000", "--batch", "1000000");
    assert_int_equal(got.status, 1); /* each may be, both together pass 2^63 bytes */
    assert_non_null(strstr(test_run("plan", "mixtral-8x7").err, "did you mean mixtral-8x7b?"));
}

TEST(families_that_only_plan_knows_are_refused_by_name) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 16];
    test_temp_path(folder, "dbrx");
    snprintf(path, sizeof path, "mkdir -p %s", folder);
    assert_int_equal(system(path), 0);
    snprintf(path, sizeof path, "%s/config.json", folder);
    write_file(path, preset_find("dbrx")->text);
    struct test_output got = test_run("run", folder, "--ids", "1");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "dbrx"));
    assert_non_null(strstr(got.err, "`switchyard plan` says what it costs"));
    got = test_run("convert", folder, "--out", "/dev/null/elsewhere");
    assert_non_null(strstr(got.err, "the family dbrx is known to `plan` alone"));
    got = test_run("synth", path, "--out", "/dev/null/elsewhere");
    assert_int_equal(got.status, 1);
    assert_non_null(strstr(got.err, "the family dbrx is known to `plan` alone"));
    assert_int_equal(test_run("plan", folder).status, 0);
}

/* ---- what it says is what is taken ---- */

/* A tiny checkpoint of every family that the engine runs. */
static const char *const cases[] = { "llama_linear_tied",     "qwen3_layer_types", "mixtral_window",
                                     "qwen2_moe_sparse_step", "qwen3_moe_window",  "olmoe_norm",
                                     "granitemoe_fused",      "phimoe_window",     "deepseek_norm",
                                     "deepseek_v2_lite",      "deepseek_v3_mtp",   "gpt_oss_mxfp4",
                                     "llama4_bias",           "glm4_moe_mtp",      "deepseek_v3_fp8" };

static void same_as_session(const char *model, const char *dtype, int kv, const char *kv_word) {
    struct session session;
    struct sy_error err = { 0 };
    struct session_options options = {
        .threads = 2, .context = 300, .sequences = 2, .kv = kv, .cpu = LEVEL_COUNT - 1
    };
    json_t *root = json_of(
        test_run("plan", model, "--json", "--ctx", "300", "--batch", "2", "-t", "2", "--kv", kv_word));
    if (!session_open(model, &options, &session, &err)) fail_msg("%s: %s", model, err.message);
    assert_int_equal(number(root, "memory", "weights"), memory_weights(&session.need));
    assert_int_equal(number(root, "memory", "kv"), session.need.cache);
    assert_int_equal(number(root, "memory", "vectors"), session.need.vectors);
    assert_int_equal(number(root, "memory", "activations"), session.need.step);
    if (dtype) /* and of the config alone, as synth made it */
        assert_int_equal(number(root, "weights_bytes", dtype), memory_weights(&session.need));
    session_close(&session);
    json_decref(root);
}

TEST(plan_of_a_checkpoint_is_what_a_session_takes) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char source[TEST_PATH_MAX], name[96], config[TEST_PATH_MAX + 16], made[TEST_PATH_MAX];
        static const char *const types[] = { "f32", "bf16" };
        snprintf(name, sizeof name, "tests/golden/%s", cases[i]);
        test_source(source, name);
        same_as_session(source, NULL, DTYPE_F16, "f16"); /* as its authors' code made it */
        snprintf(config, sizeof config, "%s/config.json", source);
        test_temp_path(made, cases[i]);
        for (int t = 0; t < 2 && strcmp(cases[i], "gpt_oss_mxfp4") != 0; t++) {
            struct test_output synth =
                test_run("synth", config, "--out", made, "--dtype", types[t], "--force");
            if (synth.status != 0) fail_msg("%s: %s", cases[i], synth.err);
            same_as_session(made, types[t], t ? DTYPE_BF16 : DTYPE_F32, types[t]);
        }
    }
}

/* Block types, as synth writes them into a GGUF file. */
TEST(plan_of_block_types_is_what_synth_writes) {
    static const char *const types[] = { "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q6_k" };
    char config[TEST_PATH_MAX], file[TEST_PATH_MAX];
    test_temp_path(config, "wide.json");
    write_file(config,
               "{\"model_type\":\"olmoe\",\"hidden_size\":256,\"vocab_size\":96,\"num_hidden_layers\":2,"
               "\"num_attention_heads\":4,\"intermediate_size\":160,\"num_experts\":5,"
               "\"num_experts_per_tok\":2,\"tie_word_embeddings\":false}");
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        test_temp_path(file, "wide.gguf");
        assert_int_equal(test_run("synth", config, "--out", file, "--dtype", types[i], "--force").status, 0);
        json_t *of_config = json_of(test_run("plan", config, "--json", "--dtype", types[i]));
        json_t *of_file = json_of(test_run("plan", file, "--json"));
        int64_t wanted = number(of_file, "memory", "weights"), got = number(of_config, "memory", "weights");
        if (wanted != got)
            fail_msg("%s: %lld, written are %lld", types[i], (long long)got, (long long)wanted);
        json_decref(of_config);
        json_decref(of_file);
    }
}

/* ---- traces ---- */

TEST(plan_reads_the_traces_that_run_and_logits_write) {
    char model[TEST_PATH_MAX], trace[TEST_PATH_MAX], file[TEST_PATH_MAX];
    test_source(model, "tests/golden/qwen3_moe_window");
    test_temp_path(trace, "trace.json");
    test_temp_path(file, "trace.safetensors");
    struct test_output run = test_run("run", model, "--ids", "1,2,3,4,5,6", "-n", "1", "--routing", "--json");
    assert_int_equal(run.status, 0);
    write_file(trace, run.out);
    assert_int_equal(
        test_run("logits", model, "--ids", "1,2,3,4,5,6", "--out", file, "--routing", "--fast").status, 0);
    json_t *a = json_of(test_run("plan", model, "--trace", trace, "--json", "--batch", "4"));
    json_t *b = json_of(test_run("plan", model, "--trace", file, "--json", "--batch", "4"));
    json_t *uniform = json_of(test_run("plan", model, "--json", "--batch", "4"));
    assert_true(json_equal(json_object_get(a, "lru_hit_rates"), json_object_get(b, "lru_hit_rates")));
    assert_true(json_equal(json_object_get(a, "roofline"), json_object_get(b, "roofline")));
    assert_false(json_equal(json_object_get(a, "roofline"), json_object_get(uniform, "roofline")));
    struct test_output other = test_run("plan", "mixtral-8x7b", "--trace", trace);
    assert_int_equal(other.status, 1);
    assert_non_null(strstr(other.err, "trace"));
    json_decref(a);
    json_decref(b);
    json_decref(uniform);
}
