/*
 * Whatever a config or metadata says is used, refused, warned of or ignored for a reason.
 */
#include "base/os.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "hostile.h"
#include "model/model_account.h"
#include "model/presets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- every key of what runs is in a table ---- */

/* Nothing unknown, nothing to be warned of, and of each key that is used, what it is about. */
static void all_known(const char *name, const struct account *account) {
    for (int64_t i = 0; i < account->count; i++) {
        const struct account_line *line = &account->lines[i];
        bool told = line->reason[0] || strcmp(line->file, ACCOUNT_WEIGHTS) == 0;
        if (line->fate == FATE_UNKNOWN || line->fate == FATE_WARNED || !told)
            fail_msg("%s: %s: %s is %s (%s): src/model/*_meanings.c", name, line->file, line->what,
                     fate_name(line->fate), line->reason);
    }
}

/* Presets of published models held keys that nobody had a word for. */
TEST(reports_every_key_of_a_preset_is_known) {
    const struct preset *preset;
    for (int i = 0; (preset = preset_at(i)) != NULL; i++) {
        struct arena arena;
        struct config config;
        struct spec spec;
        const struct family *family;
        struct sy_error err = { 0 };
        arena_open(&arena);
        if (!preset_open(preset, &arena, &config, &err) ||
            !spec_from_config(&config, &arena, &family, &spec, &err))
            fail_msg("%s: %s: %s", preset->name, err.place, err.message);
        assert_true(config.account.count > 8);
        all_known(preset->name, &config.account);
        config_close(&config);
        arena_close(&arena);
    }
}

static int opened;

static void open_model(const char *path) {
    struct model model;
    struct arena arena;
    struct account account;
    struct sy_error err = { 0 };
    if (!model_open(path, 0, &model, &err)) fail_msg("%s: %s: %s", path, err.place, err.message);
    arena_open(&arena);
    account_open(&account, &arena);
    assert_true(model_account(&model, &account, &err));
    assert_int_equal(account.count, model.account.count + model.checkpoint.count);
    all_known(path, &account);
    arena_close(&arena);
    model_close(&model);
    opened++;
}

/* Every model at any depth below. */
static void open_all(const char *folder) {
    char path[TEST_PATH_MAX * 2], weights[TEST_PATH_MAX * 2 + 32], index[TEST_PATH_MAX * 2 + 32];
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        const char *ending = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "%.1000s/%s", folder, entry->d_name);
        if (ending && strcmp(ending, ".gguf") == 0) open_model(path);
        if (!os_is_folder(path)) continue;
        snprintf(weights, sizeof weights, "%s/model.safetensors", path);
        snprintf(index, sizeof index, "%s/model.safetensors.index.json", path);
        if (os_is_file(weights) || os_is_file(index))
            open_model(path);
        else
            open_all(path);
    }
    if (dir) closedir(dir);
}

/* The same of whole models, of their tensors, and of files that other programs wrote. */
TEST(reports_every_key_of_a_golden_model_is_known) {
    char folder[TEST_PATH_MAX];
    test_source(folder, "tests/golden");
    open_all(folder);
    assert_true(opened >= 20);
}

TEST(reports_every_key_of_other_programs_files_is_known) {
    char folder[TEST_PATH_MAX];
    test_needs_data(folder, "vectors/moe");
    open_all(folder);
    test_needs_data(folder, "vectors/gguf");
    open_all(folder);
    assert_true(opened >= 40);
}

static bool is_invented(const char *key) { /* for a situation */
    return strcmp(key, "foo") == 0 || strcmp(key, "bar") == 0;
}

/* Of situations that people met, too: what is wrong with them has a name. */
TEST(reports_every_key_of_a_situation_is_known) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX + 300];
    int seen = 0;
    test_needs_data(folder, "reports");
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir)) != NULL;) {
        struct model model;
        struct sy_error err = { 0 };
        snprintf(path, sizeof path, "%s/%s/model", folder, entry->d_name);
        if (entry->d_name[0] == '.' || !os_is_folder(path)) continue;
        seen++;
        if (!model_open(path, MODEL_DESCRIBE, &model, &err)) { /* refused, by name */
            if (!err.place[0] && !err.file[0]) fail_msg("%s: %s", path, err.message);
            continue;
        }
        for (int64_t i = 0; i < model.account.count; i++)
            if (model.account.lines[i].fate == FATE_UNKNOWN && !is_invented(model.account.lines[i].what))
                fail_msg("%s: %s: src/model/*_meanings.c", path, model.account.lines[i].what);
        model_close(&model);
    }
    if (dir) closedir(dir);
    assert_true(seen >= 4);
}

/* ---- config.json ---- */

static void config_key(const char *key, const char *value) {
    struct hostile h;
    hostile_open(&h);
    json_object_set_new(h.config, key, json_loads(value, JSON_DECODE_ANY, NULL));
    hostile_write(&h);
    hostile_close(&h);
}

/* Slices of products, which an older Llama's config asks for, change roundings alone: nothing to refuse. */
TEST(reports_slices_of_products_are_warned_of) {
    char out[TEST_PATH_MAX];
    test_temp_path(out, "o.safetensors");
    config_key("pretraining_tp", "2");
    struct test_output got = test_run("logits", test_temp_dir(), "--ids", "1", "--out", out);
    if (got.status != 0) fail_msg("%s", got.err);
    assert_non_null(strstr(got.err, "pretraining_tp is 2, which is not used"));
}

/* A key that some families have said another model than the one that was computed: it was listed as unknown,
 * if somebody looked. */
TEST(reports_values_that_no_reader_obeys_are_refused) {
    static const struct {
        const char *key, *wrong, *right;
    } keys[] = { { "norm_topk_prob", "false", "true" },
                 { "scoring_func", "\"sigmoid\"", "\"softmax\"" },
                 { "routed_scaling_factor", "2.5", "1.0" },
                 { "n_group", "8", "1" },
                 { "n_shared_experts", "1", "0" },
                 { "shared_expert_intermediate_size", "12", "0" },
                 { "mlp_only_layers", "[0]", "[]" },
                 { "decoder_sparse_step", "2", "1" },
                 { "layer_types", "[\"sliding_attention\"]", "[\"full_attention\"]" },
                 { "attention_bias", "true", "false" },
                 { "mlp_bias", "true", "false" },
                 { "use_qk_norm", "true", "false" },
                 { "clip_qkv", "8.0", "0" },
                 { "attn_logit_softcapping", "50.0", "0.0" },
                 { "final_logit_softcapping", "30.0", "null" },
                 { "partial_rotary_factor", "0.5", "1.0" },
                 { "rope_interleaved", "true", "false" },
                 { "embedding_multiplier", "12.0", "1" },
                 { "query_pre_attn_scalar", "256", "4" },
                 { "hidden_activation", "\"gelu\"", "\"silu\"" },
                 { "use_bidirectional_attention", "true", "false" },
                 { "index_topk", "2048", "null" } };
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        config_key(keys[i].key, keys[i].wrong);
        hostile_refused("config.json", keys[i].key);
        config_key(keys[i].key, keys[i].right);
        hostile_accepted();
    }
    config_key("rope_scaling", "{\"rope_type\": \"linear\", \"factor\": 2.0, \"extrapolation_factor\": 3.0}");
    hostile_refused("config.json", "rope_scaling.extrapolation_factor");
}

/* One thing by two names, which said two things: the first was taken. */
TEST(reports_two_spellings_that_contradict_each_other) {
    config_key("num_experts", "3");
    hostile_accepted();
    config_key("num_experts", "4");
    hostile_refused("config.json", "num_local_experts");
    config_key("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 10000.0}");
    hostile_accepted();
    config_key("rope_parameters", "{\"rope_type\": \"default\", \"rope_theta\": 500000.0}");
    hostile_refused("config.json", "rope_parameters.rope_theta");
}

/* What is a matter of training, of another program or of generating changes nothing, and nobody hears of it;
 * what nobody knows is said by name. */
TEST(reports_unknown_keys_are_said) {
    char out[TEST_PATH_MAX];
    test_temp_path(out, "o.safetensors");
    config_key("attention_dropout", "0.5");
    struct test_output output = must_run(test_run("logits", test_temp_dir(), "--ids", "1,2", "--out", out));
    assert_string_equal(output.err, "");
    config_key("secret_gate", "0.5");
    static const char *const verbs[] = { "logits", "run" };
    for (int i = 0; i < 2; i++) {
        output = must_run(i == 0 ? test_run("logits", test_temp_dir(), "--ids", "1,2", "--out", out)
                                 : test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"));
        if (!strstr(output.err, "warning: config.json: ") || !strstr(output.err, "secret_gate"))
            fail_msg("%s says: %s", verbs[i], output.err);
    }
    config_key("shared_intermediate_size", "12"); /* of another family */
    output = must_run(test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"));
    assert_non_null(strstr(output.err, "config.json: shared_intermediate_size is not used"));
}

/* Tensors that were asked to be let pass were let pass without a word. */
TEST(reports_tensors_let_pass_are_said) {
    struct hostile h;
    hostile_open(&h);
    hostile_add(&h, "model.layers.0.extra_gate.weight", "F32", 32, 1, (int64_t[]){ 1 });
    hostile_add(&h, "model.layers.0.other_gate.weight", "F32", 32, 1, (int64_t[]){ 1 });
    hostile_write(&h);
    must_refuse(test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1"), "--ignore-unknown");
    struct test_output output =
        must_run(test_run("run", test_temp_dir(), "--ids", "1,2", "-n", "1", "--ignore-unknown"));
    assert_non_null(strstr(output.err, "warning: weights: model.layers.0.extra_gate.weight and 1 more"));
    hostile_close(&h);
}

/* A padding id of -1 was stored unsigned, and refused as no token. */
TEST(reports_no_padding_id_stored_unsigned) {
    struct model model;
    struct sy_error err = { 0 };
    config_key("pad_token_id", "4294967295");
    hostile_accepted();
    config_key("eos_token_id", "[2, 4294967295, -1]");
    if (!model_open(test_temp_dir(), 0, &model, &err)) fail_msg("%s: %s", err.place, err.message);
    assert_int_equal(model.spec.tokens.eos_count, 1);
    assert_int_equal(model.spec.tokens.pad, -1);
    model_close(&model);
    config_key("pad_token_id", "4294967296");
    hostile_refused("config.json", "pad_token_id");
}

/* The sound config with one more member, as Python's json writes it: {"KEY": VALUE, ... */
static void config_word(const char *key, const char *value) {
    struct hostile h;
    char member[64];
    hostile_open(&h);
    json_object_del(h.config, key);
    hostile_write(&h);
    char *text = json_dumps(h.config, 0);
    snprintf(member, sizeof member, "{\"%s\": %s, ", key, value);
    char *changed = hostile_replace(text, "{", member);
    hostile_config_text(changed);
    free(changed);
    free(text);
    hostile_close(&h);
}

/* Infinity, which is read where nobody looks at it, is no value of a key that counts. */
TEST(reports_infinity_is_no_value_of_a_key_that_is_read) {
    static const char *const keys[] = { "rope_theta", "rms_norm_eps", "hidden_size",
                                        "attn_logit_softcapping" };
    static const char *const values[] = { "Infinity", "-Infinity", "NaN" };
    struct model model;
    struct sy_error err = { 0 };
    config_word("time_step_limit", "Infinity");
    if (!model_open(test_temp_dir(), 0, &model, &err)) skip(); /* nobody reads the word itself */
    model_close(&model);
    for (int i = 0; i < 12; i++) {
        config_word(keys[i / 3], values[i % 3]);
        hostile_refused("config.json", keys[i / 3]);
    }
}

/* ---- metadata ---- */

static void gguf_key(const char *from, const char *to, const char *key, struct gguf_value value) {
    struct gguf_change change[] = { { key, value, false }, gguf_no_files[0], gguf_no_files[1] };
    gguf_rewrite(from, to, change, 3);
}

static struct gguf_value truth(bool value) {
    return (struct gguf_value){ .type = GGUF_BOOL, .u = value };
}

static struct gguf_value real(double value) {
    return (struct gguf_value){ .type = GGUF_F32, .f = value };
}

/* A GGUF file of this config's family. */
static void make_gguf(const char *path, const char *model_type, const char *more) {
    char from[TEST_PATH_MAX], text[1024];
    snprintf(text, sizeof text,
             "{\"model_type\": \"%s\", \"vocab_size\": 64, \"hidden_size\": 32, \"intermediate_size\": 32, "
             "\"moe_intermediate_size\": 32, \"num_hidden_layers\": 2, \"num_attention_heads\": 4, "
             "\"num_key_value_heads\": 2, \"head_dim\": 8, \"num_experts_per_tok\": 2%s}",
             model_type, more);
    hostile_config_text(text);
    test_temp_path(from, "config.json");
    must_run(test_run("synth", from, "--out", path));
}

/* A flag of the metadata was false where the family has it true, and was passed over. */
TEST(reports_metadata_that_no_reader_obeys_is_refused) {
    char sound[TEST_PATH_MAX], path[TEST_PATH_MAX];
    const struct {
        const char *key;
        struct gguf_value wrong, right;
    } keys[] = { { "qwen3moe.expert_weights_norm", truth(false), truth(true) },
                 { "qwen3moe.expert_weights_scale", real(2), real(1) },
                 { "qwen3moe.expert_gating_func", gguf_number_of(2), gguf_number_of(1) },
                 { "qwen3moe.expert_shared_count", gguf_number_of(1), gguf_number_of(0) },
                 { "qwen3moe.attention.causal", truth(false), truth(true) },
                 { "qwen3moe.attention.sliding_window", gguf_number_of(16), gguf_number_of(0) },
                 { "qwen3moe.attn_logit_softcapping", real(30), real(0) },
                 { "qwen3moe.use_parallel_residual", truth(true), truth(false) },
                 { "qwen3moe.logit_scale", real(0.5), real(1) },
                 { "qwen3moe.leading_dense_block_count", gguf_number_of(1), gguf_number_of(0) } };
    test_temp_path(sound, "s.gguf");
    test_temp_path(path, "m.gguf");
    make_gguf(sound, "qwen3_moe", ", \"num_experts\": 4, \"norm_topk_prob\": true");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        gguf_key(sound, path, keys[i].key, keys[i].wrong);
        struct sy_error err = hostile_refused_at(path, "m.gguf", keys[i].key);
        assert_null(strstr(err.remedy, "config.json"));
        gguf_key(sound, path, keys[i].key, keys[i].right);
        must_run(test_run("run", path, "--ids", "1,2", "-n", "1"));
    }
    test_temp_path(sound, "glm.gguf");
    make_gguf(sound, "glm4_moe", ", \"n_routed_experts\": 4, \"first_k_dense_replace\": 1");
    gguf_key(sound, path, "glm4moe.expert_gating_func", gguf_number_of(1)); /* listed, and never looked at */
    hostile_refused_at(path, "m.gguf", "glm4moe.expert_gating_func");
}

/* A factor of the positions without a type of scaling was left out: other programs take it as linear. */
TEST(reports_a_factor_without_its_type_is_linear) {
    char sound[TEST_PATH_MAX], path[TEST_PATH_MAX];
    struct model model;
    struct sy_error err = { 0 };
    test_temp_path(sound, "s.gguf");
    test_temp_path(path, "m.gguf");
    make_gguf(sound, "qwen3_moe", ", \"num_experts\": 4");
    gguf_key(sound, path, "qwen3moe.rope.scaling.factor", real(4));
    if (!model_open(path, 0, &model, &err)) fail_msg("%s: %s", err.place, err.message);
    assert_true(model.spec.rope.scaling == ROPE_LINEAR && model.spec.rope.factor > 3.9);
    model_close(&model);
}

/* A key that nobody knows is said; notes about the file are not. */
TEST(reports_unknown_metadata_is_said) {
    char sound[TEST_PATH_MAX], path[TEST_PATH_MAX];
    test_temp_path(sound, "s.gguf");
    test_temp_path(path, "m.gguf");
    make_gguf(sound, "qwen3_moe", ", \"num_experts\": 4");
    gguf_key(sound, path, "general.colour", gguf_text_of("blue"));
    assert_string_equal(must_run(test_run("run", path, "--ids", "1,2", "-n", "1")).err, "");
    gguf_key(sound, path, "qwen3moe.attention.flavour", gguf_text_of("sweet"));
    struct test_output output = must_run(test_run("run", path, "--ids", "1,2", "-n", "1"));
    assert_non_null(strstr(output.err, "warning: metadata: "));
    assert_non_null(strstr(output.err, "qwen3moe.attention.flavour"));
}
