/*
 * convert there and back: the same tensors, to the byte, and the same config.json; what cannot be said is
 * said so; and hostile keys write no file outside the folder.
 */
#include "base/os.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "model/bind.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void there_and_back(const char *folder) {
    char file[TEST_PATH_MAX], again[TEST_PATH_MAX], a[TEST_PATH_MAX], b[TEST_PATH_MAX];
    print_message("%s\n", folder);
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    must_run(test_run("convert", folder, "--out", file, "--force"));
    must_run(test_run("convert", file, "--out", again, "--force"));
    snprintf(a, sizeof a, "%.4000s/model.safetensors", folder);
    snprintf(b, sizeof b, "%.4000s/model.safetensors", again);
    same_tensors(a, b);
    same_file(folder, again, "config.json");
}

TEST(there_and_back_keeps_every_bit) {
    static const char *const names[] = { "deepseek_freq", "deepseek_v2_groups",   "glm4_moe_groups",
                                         "gpt_oss_clamp", "granitemoe_bias",      "kimi_k2",
                                         "llama4_bias",   "llama_bias_llama3",    "mixtral_fused",
                                         "olmoe_clip",    "qwen3_moe_fused",      "phimoe_longrope_long",
                                         "qwen3_yarn",    "qwen2_moe_sparse_step" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[96], folder[TEST_PATH_MAX];
        snprintf(name, sizeof name, "tests/golden/%s", names[i]);
        test_source(folder, name);
        there_and_back(folder);
    }
}

TEST(there_and_back_of_shared_cases) {
    static const char *const names[] = { "deepseek_v3", "gpt_oss_mxfp4", "llama4_text", "phimoe" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[96], folder[TEST_PATH_MAX];
        snprintf(name, sizeof name, "vectors/moe/%s", names[i]);
        test_needs_data(folder, name);
        there_and_back(folder);
    }
}

/* Norms in BF16 are widened in the file, and come back as they were. */
TEST(bf16_there_and_back) {
    char config[TEST_PATH_MAX], folder[TEST_PATH_MAX];
    test_source(config, "tests/golden/qwen3_moe_window/config.json");
    test_temp_path(folder, "bf16");
    must_run(test_run("synth", config, "--out", folder, "--dtype", "bf16"));
    there_and_back(folder);
}

TEST(types_that_a_form_lacks) {
    char config[TEST_PATH_MAX], folder[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_source(folder, "tests/golden/llama_e5m2");
    test_source(config, "tests/golden/wide/mixtral_a/config.json");
    test_temp_path(file, "m.gguf");
    test_temp_path(again, "again");
    must_refuse(test_run("convert", folder, "--out", file), "F8_E5M2, which GGUF has no place for");
    assert_false(os_is_file(file));
    test_temp_path(folder, "wide");
    must_run(test_run("synth", config, "--out", folder));
    must_run(test_run("convert", folder, "--out", file, "--dtype", "q8_0"));
    must_refuse(test_run("convert", folder, "--out", file), "is there already");
    must_refuse(test_run("convert", file, "--out", again), "Q8_0, which safetensors has no place for");
    must_run(test_run("convert", file, "--out", again, "--dtype", "bf16"));
    must_run(test_run("show", again));
    assert_int_equal(test_run("convert", file, "--out", again, "--dtype", "q4_0").status, 2);
    assert_int_equal(test_run("convert", folder, "--out", folder, "--force").status, 2);
}

/* ---- metadata that somebody changed ---- */

TEST(metadata_that_does_not_fit) {
    const struct {
        struct gguf_change change;
        const char *place;
    } cases[] = {
        { { "general.architecture", gguf_text_of("lama"), false }, "general.architecture: no family here" },
        { { "general.architecture", { 0 }, true }, "general.architecture: missing" },
        { { "llama.block_count", { 0 }, true }, "llama.block_count: missing" },
        { { "llama.block_count", gguf_number_of(4000000000), false }, "layers" },
        { { "llama.block_count", gguf_text_of("many"), false }, "llama.block_count: a whole number" },
        { { "llama.embedding_length", gguf_number_of(0), false }, "llama.embedding_length" },
        { { "llama.attention.head_count", gguf_number_of(3), false }, "switchyard: " },
        { { "llama.attention.value_length", gguf_number_of(7), false }, "llama.attention.value_length" },
        { { "llama.expert_used_count", gguf_number_of(99), false }, "99 experts a token" },
        { { "llama.rope.dimension_count", gguf_number_of(7), false }, "rope.dims" },
        { { "llama.rope.scaling.type", gguf_text_of("dynamic"), false }, "\"dynamic\" is not known" },
        { { "llama.nextn_predict_layers", gguf_number_of(3), false }, "llama.block_count" },
        { { "switchyard.attention.clamps", gguf_number_of(1), false }, "no field of a spec" },
        { { "switchyard.layer.window", gguf_number_of(1), false }, "switchyard.layer.window: its value" },
        { { "switchyard.router.score", gguf_text_of("mean"), false }, "router.score" },
    };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bad[TEST_PATH_MAX];
    test_source(folder, "tests/golden/mixtral_fused");
    test_temp_path(file, "m.gguf");
    test_temp_path(bad, "bad.gguf");
    must_run(test_run("convert", folder, "--out", file));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].change.key);
        gguf_rewrite(file, bad, &cases[i].change, 1);
        must_refuse(test_run("show", bad), cases[i].place);
    }
}

/* Keys of ours speak only where no standard key of the file does. */
TEST(standard_keys_go_before_ours) {
    const struct gguf_change theta = { "switchyard.rope.theta", { .type = GGUF_F64, .f = 77 }, false };
    const struct gguf_change cap = { "switchyard.logits_cap", { .type = GGUF_F64, .f = 77 }, false };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], other[TEST_PATH_MAX];
    struct sy_error err = { 0 };
    struct model model;
    test_source(folder, "tests/golden/mixtral_window");
    test_temp_path(file, "m.gguf");
    test_temp_path(other, "other.gguf");
    must_run(test_run("convert", folder, "--out", file));
    gguf_rewrite(file, other, &theta, 1);
    assert_true(model_open(other, false, &model, &err));
    assert_true(model.spec.rope.theta != 77 && model.spec.logits_cap == 0);
    assert_int_equal(model.spec.decoder.layers[0].window, WINDOW_SLIDING); /* said by a key of ours */
    model_close(&model);
    gguf_rewrite(file, other, &cap, 1);
    assert_true(model_open(other, false, &model, &err));
    assert_true(model.spec.logits_cap == 77);
    model_close(&model);
}

TEST(keys_of_nobody_are_listed) {
    const struct gguf_change extra = { "llama.attention.flavour", gguf_number_of(1), false };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], other[TEST_PATH_MAX];
    test_source(folder, "tests/golden/mixtral_fused");
    test_temp_path(file, "m.gguf");
    test_temp_path(other, "other.gguf");
    must_run(test_run("convert", folder, "--out", file));
    gguf_rewrite(file, other, &extra, 1);
    struct test_output output = test_run("show", other, "--json");
    must_run(output);
    assert_non_null(strstr(output.out, "\"unknown_keys\":[\"llama.attention.flavour\"]"));
}

TEST(side_files_stay_in_the_folder) {
    const struct gguf_change outside = { "switchyard.file.../../evil.txt", gguf_text_of("x"), false };
    const struct gguf_change weights = { "switchyard.file.model.safetensors", gguf_text_of("x"), false };
    const struct gguf_change other_config = {
        "switchyard.file.config.json",
        gguf_text_of("{\"architectures\":[\"MixtralForCausalLM\"],\"hidden_size\":64,\"vocab_size\":64,"
                     "\"num_hidden_layers\":1,\"num_attention_heads\":4,\"num_key_value_heads\":4,"
                     "\"num_local_experts\":4,\"num_experts_per_tok\":2,\"intermediate_size\":32}"),
        false
    };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bad[TEST_PATH_MAX], again[TEST_PATH_MAX],
        evil[TEST_PATH_MAX];
    test_source(folder, "tests/golden/mixtral_fused");
    test_temp_path(file, "m.gguf");
    test_temp_path(bad, "bad.gguf");
    test_temp_path(again, "again");
    must_run(test_run("convert", folder, "--out", file));
    gguf_rewrite(file, bad, &outside, 1);
    must_run(test_run("convert", bad, "--out", again, "--force"));
    test_temp_path(evil, "evil.txt");
    assert_false(os_is_file(evil));
    gguf_rewrite(file, bad, &weights, 1);
    must_run(test_run("convert", bad, "--out", again, "--force"));
    must_run(test_run("show", again));
    gguf_rewrite(file, bad, &other_config, 1);
    must_refuse(test_run("convert", bad, "--out", again, "--force"), "describes another model");
}
