/*
 * What has gone wrong elsewhere, by report, as hostile_reports_test.c: the rows about config.json, and those
 * about files as such: their size, their kind, where their names lead.
 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEIGHTS "model.safetensors"
#define CONFIG  "config.json"
#define INDEX   "model.safetensors.index.json"
#define EMBED   "model.embed_tokens.weight"

static void open_tiny(struct hostile *h) {
    hostile_open(h);
    hostile_write(h);
    hostile_accepted();
}

/* colibri: more columns rotate than a head has. */
TEST(hostile_colibri_rotary_wider_than_the_head) {
    static const char *const factors[] = { "1.5", "2", "1e9", "-0.5", "-1", "0", "1e308", "0.05" };
    json_t *config = hostile_golden("glm4_moe_groups");
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
        json_object_set_new(config, "partial_rotary_factor", json_loads(factors[i], JSON_DECODE_ANY, NULL));
        hostile_config(config);
        print_message("partial_rotary_factor %s\n", factors[i]);
        hostile_refused(CONFIG, NULL);
    }
    json_decref(config);
}

TEST(hostile_colibri_rotary_of_a_latent_head) {
    static const int64_t widths[] = { 0, 1, 3, 5, 7, 1 << 20, 1ll << 40, INT64_MAX };
    json_t *config = hostile_golden("deepseek_v2_groups");
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        json_object_set_new(config, "qk_rope_head_dim", json_integer(widths[i]));
        hostile_config(config);
        hostile_refused("", NULL);
    }
    json_decref(config);
}

/* colibri: a number of new tokens that overflows must not slip past the context. */
TEST(hostile_colibri_more_tokens_than_the_context) {
    static const char *const counts[] = {
        "9223372036854775807", "9223372036854775806",  "4611686018427387904",  "4294967296", "2147483648",
        "2147483647",          "18446744073709551615", "99999999999999999999", "4096",       "-2"
    };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct test_output out = test_run("run", test_temp_dir(), "--ids", "1,2", "-n", counts[i]);
        print_message("-n %s: status %d: %s\n", counts[i], out.status, out.err);
        assert_true(out.status == 1 || out.status == 2);
        assert_ptr_equal(strchr(out.err, '\n'), out.err + out.err_bytes - 1);
    }
    hostile_close(&h);
}

/* The same inside: a feed that outgrows its session. */
TEST(hostile_prompt_longer_than_the_context) {
    struct hostile h;
    struct sy_error err;
    int64_t ids[40] = { 0 };
    open_tiny(&h);
    assert_true(hostile_runs(ids, 32, &err));
    assert_false(hostile_runs(ids, 33, &err)); /* hostile_runs opens 32 positions */
    assert_false(hostile_runs(ids, 40, &err));
    hostile_close(&h);
}

/* colibri: a huge config.json; and huge weights that hold nothing. */
TEST(hostile_colibri_huge_files) {
    struct hostile h;
    char path[TEST_PATH_MAX];
    open_tiny(&h);
    test_temp_path(path, CONFIG);
    assert_int_equal(truncate(path, 1ll << 42), 0); /* sparse: a length alone */
    hostile_refused(CONFIG, NULL);
    int64_t size = 17 << 20;
    char *text = malloc((size_t)size);
    memset(text, ' ', (size_t)size);
    memcpy(text, "{}", 2);
    hostile_file(CONFIG, text, size);
    hostile_refused(CONFIG, NULL);
    memset(text, '[', (size_t)size);
    hostile_file(CONFIG, text, 15 << 20);
    hostile_refused(CONFIG, NULL);
    for (int i = 0; i < 5; i++) memcpy(text + i * 5, "{\"a\":", 5);
    hostile_file(CONFIG, text, 15 << 20);
    hostile_refused(CONFIG, NULL);
    free(text);
    hostile_write(&h);
    test_temp_path(path, WEIGHTS);
    assert_int_equal(truncate(path, 1ll << 42), 0);
    hostile_refused(WEIGHTS, NULL);
    hostile_close(&h);
}

/* colibri, CVE-2024-41130: a key that is missing. */
TEST(hostile_colibri_missing_keys) {
    static const char *const needed[] = { "vocab_size",        "hidden_size",         "intermediate_size",
                                          "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                                          "num_local_experts", "num_experts_per_tok" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        json_t *value = json_incref(json_object_get(h.config, needed[i]));
        json_object_del(h.config, needed[i]);
        hostile_write_config(&h);
        hostile_refused("", NULL); /* mixtral has defaults for some; the tensors contradict those */
        json_object_set_new(h.config, needed[i], json_null());
        hostile_write_config(&h);
        hostile_refused("", NULL);
        json_object_set_new(h.config, needed[i], value);
    }
    static const char *const texts[] = { "",
                                         "{}",
                                         "[]",
                                         "null",
                                         "\"mixtral\"",
                                         "{\"model_type\":\"mixtral\"}",
                                         "{\"model_type\":null}",
                                         "{\"architectures\":[]}",
                                         "{\"architectures\":[null,{},[]]}",
                                         "{\"architectures\":{}}",
                                         "{\"model_type\":\"\"}",
                                         "{\"model_type\":5}",
                                         "\xff\xfe{}",
                                         "\xef\xbb\xbf{\"model_type\":\"mixtral\"}" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        hostile_config_text(texts[i]);
        hostile_refused(CONFIG, NULL);
    }
    hostile_close(&h);
}

/* CVE-2024-39720: a file of four bytes. */
TEST(hostile_cve_2024_39720_tiny_files) {
    struct hostile h;
    open_tiny(&h);
    for (int64_t size = 0; size <= 16; size++) {
        hostile_file(WEIGHTS, "\x02\0\0\0\0\0\0\0{{\0\0\0\0\0", size);
        hostile_refused(WEIGHTS, NULL);
    }
    hostile_close(&h);
}

/* CVE-2024-39721: a path that blocks or never ends. */
TEST(hostile_cve_2024_39721_devices) {
    static const char *const names[] = { WEIGHTS, CONFIG };
    struct hostile h;
    open_tiny(&h);
    for (int i = 0; i < 2; i++) {
        char path[TEST_PATH_MAX];
        test_temp_path(path, names[i]);
        assert_int_equal(unlink(path), 0);
        hostile_refused("", NULL);
        assert_int_equal(mkfifo(path, 0600), 0);
        hostile_refused(names[i], NULL);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0);
        hostile_refused(names[i], NULL);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(symlink("/dev/zero", path), 0);
        hostile_refused(names[i], NULL);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink(path, path), 0); /* to itself */
        hostile_refused(names[i], NULL);
        assert_int_equal(unlink(path), 0);
        hostile_write(&h);
    }
    hostile_refused_at("/dev/zero", "zero", NULL);
    hostile_refused_at("/dev/null", "null", NULL);
    hostile_close(&h);
}

/* CVE-2024-37032, 39722: names that lead out of the folder, and what they would tell. */
TEST(hostile_cve_2024_37032_shards_elsewhere) {
    static const char *const names[] = {
        "../" WEIGHTS, "/etc/passwd",          "a/b.safetensors", "./" WEIGHTS, "..",  ".",      "",
        "\\u0000",     "a\\u0000.safetensors", "\\u001b[31m",     "/dev/zero",  INDEX, "..\\\\x"
    };
    struct hostile h;
    char weights[TEST_PATH_MAX];
    open_tiny(&h);
    test_temp_path(weights, WEIGHTS);
    assert_int_equal(unlink(weights), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[400];
        int length = snprintf(text, sizeof text, "{\"weight_map\":{\"" EMBED "\":\"%s\"}}", names[i]);
        print_message("%s\n", names[i]);
        hostile_file(INDEX, text, length);
        struct sy_error err = hostile_refused("", NULL);
        assert_null(strstr(err.file, "passwd"));
    }
    hostile_close(&h);
}

/* CVE-2025-0312 and its like: counts of 0 that something divides by. */
TEST(hostile_cve_2025_0312_zeros) {
    static const struct {
        const char *golden, *key;
    } zeros[] = {
        { "llama_low_is_high", "num_hidden_layers" },
        { "llama_low_is_high", "num_attention_heads" },
        { "llama_low_is_high", "num_key_value_heads" },
        { "llama_low_is_high", "hidden_size" },
        { "llama_low_is_high", "head_dim" },
        { "llama_low_is_high", "vocab_size" },
        { "qwen2_moe_sparse_step", "decoder_sparse_step" },
        { "qwen2_moe_sparse_step", "num_experts" },
        { "deepseek_freq", "moe_layer_freq" },
        { "deepseek_v2_groups", "n_group" },
        { "deepseek_v2_groups", "topk_group" },
        { "deepseek_v2_groups", "kv_lora_rank" },
        { "deepseek_v2_groups", "n_routed_experts" },
        { "llama4_no_qk_norm", "interleave_moe_layer_step" },
        { "llama4_no_qk_norm", "attention_chunk_size" },
        { "granitemoe_bias", "logits_scaling" },
    };
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
        json_t *config = hostile_golden(zeros[i].golden);
        print_message("%s: %s\n", zeros[i].golden, zeros[i].key);
        assert_int_equal(json_object_set_new(config, zeros[i].key, json_integer(0)), 0);
        hostile_config(config);
        hostile_refused("", NULL);
        json_decref(config);
    }
}
