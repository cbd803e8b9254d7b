/*
 * Broken config.json files, through the whole of model_open and, where a config is accepted after all,
 * through a session and a few tokens: nothing may crash, hang or take memory without bound, and each refusal
 * is one line that names the file.
 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIG "config.json"

static const int64_t few_ids[] = { 1, 0, 2 };

/* ---- cut ---- */

static void cut_at_every_byte(const char *text) {
    size_t length = strlen(text);
    char *part = strdup(text);
    while (length && strchr(" \n", text[length - 1])) length--;
    hostile_file(CONFIG, part, 1);
    hostile_refused(CONFIG, NULL);
    struct hostile_held before = hostile_held();
    for (size_t size = 0; size < length; size++) {
        hostile_file(CONFIG, part, (int64_t)size);
        assert_int_equal(hostile_refused(CONFIG, NULL).code, SY_ERR_FORMAT);
    }
    hostile_same(before);
    free(part);
}

TEST(hostile_config_cut_at_every_byte) {
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    char *text = json_dumps(h.config, JSON_INDENT(1));
    cut_at_every_byte(text);
    free(text);
    hostile_close(&h);
}

TEST(hostile_golden_config_cut_at_every_byte) {
    json_t *config = hostile_golden("phimoe_longrope_crossing"); /* nested, with lists */
    char *text = json_dumps(config, JSON_INDENT(1));
    cut_at_every_byte(text);
    free(text);
    json_decref(config);
}

/* ---- config against tensors ---- */

/* Each size that tensors show: one more, one less, none, huge. */
TEST(hostile_config_contradicts_the_tensors) {
    static const char *const keys[] = { "vocab_size",        "hidden_size",         "intermediate_size",
                                        "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
                                        "head_dim",          "num_local_experts" };
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    hostile_accepted();
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
        json_int_t sound = json_integer_value(json_object_get(h.config, keys[k]));
        const json_int_t values[] = { sound + 1, sound - 1,       0,         -1,        sound * 2,
                                      1ll << 31, (1ll << 31) - 1, 1ll << 32, 1ll << 40, (1ll << 42) + 1,
                                      1ll << 53, INT64_MAX,       INT64_MIN, 65536,     sound + (1ll << 32) };
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            print_message("%s: %lld\n", keys[k], (long long)values[v]);
            json_object_set_new(h.config, keys[k], json_integer(values[v]));
            hostile_write_config(&h);
            struct sy_error err = hostile_refused("", NULL);
            bool config = strstr(err.file, CONFIG), weights = strstr(err.file, "model.safetensors");
            if (config == weights) fail_msg("%s is at fault?", err.file);
        }
        json_object_set_new(h.config, keys[k], json_integer(sound));
    }
    hostile_write_config(&h);
    hostile_accepted();
    hostile_close(&h);
}

TEST(hostile_more_experts_a_token_than_experts) {
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    for (int64_t top_k = 0; top_k < 70000; top_k = top_k < 6 ? top_k + 1 : top_k * 2) {
        json_object_set_new(h.config, "num_experts_per_tok", json_integer(top_k));
        hostile_write_config(&h);
        if (top_k < 1 || top_k > HOSTILE_EXPERTS)
            hostile_refused(CONFIG, NULL);
        else
            hostile_accepted();
    }
    hostile_close(&h);
}

/* ---- every key, every value ---- */

static const char *const values[] = {
    "0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "4294967296",
    "4294967297",
    "1099511627776",
    "4398046511105",
    "9007199254740992",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e308",
    "-1e308",
    "1e-320",
    "0.5",
    "-0.0",
    "\"NaN\"",
    "\"5\"",
    "true",
    "null",
    "[]",
    "{}",
    "[-1]",
    "[1e308, \"x\"]",
    "\"\"",
    "\"%s%n\\n\\u001b[31m\"",
};

static int64_t accepted, refused;

static void try_config(const json_t *config, const char *where, const char *key, const char *value) {
    struct sy_error err;
    print_message("%s%s: %s\n", where, key, value);
    hostile_config(config);
    if (hostile_runs(few_ids, 3, &err))
        accepted++;
    else
        refused++;
}

/* Sets each key of `object`, a part of `config`, to each value in turn, and removes it. */
static void sweep(json_t *config, json_t *object, const char *where) {
    json_t *sound = json_deep_copy(object);
    const char *key;
    json_t *value;
    json_object_foreach(sound, key, value) {
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            json_object_set_new(object, key,
                                json_loads(values[v], JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL));
            json_t *whole = json_loads(values[v], JSON_DECODE_ANY, NULL);
            if (whole) json_object_set_new(object, key, whole); /* else beyond int64: stays a real */
            try_config(config, where, key, values[v]);
        }
        if (json_is_integer(value))
            for (int step = -1; step < 2; step += 2) {
                json_object_set_new(object, key, json_integer(json_integer_value(value) + step));
                try_config(config, where, key, step < 0 ? "one less" : "one more");
            }
        json_object_del(object, key);
        try_config(config, where, key, "missing");
        json_object_set(object, key, value);
        if (json_is_object(value)) sweep(config, json_object_get(object, key), key);
    }
    /* the copies that came back are those of `sound` */
    json_decref(sound);
}

static void sweep_golden(const char *name) {
    struct sy_error err;
    json_t *config = hostile_golden(name);
    hostile_config(config);
    assert_true(hostile_runs(few_ids, 3, &err));
    struct hostile_held before = hostile_held();
    sweep(config, config, "");
    (void)before;
    hostile_config(config);
    assert_true(hostile_runs(few_ids, 3, &err));
    print_message("%s: %lld accepted, %lld refused\n", name, (long long)accepted, (long long)refused);
    assert_true(refused > accepted / 4 && accepted > 0);
    struct hostile_held now = hostile_held();
    assert_int_equal(now.files, before.files);
    assert_int_equal(now.mappings, before.mappings);
    json_decref(config);
}

#define SWEEP(name)                                                                                          \
    TEST(hostile_keys_of_##name) {                                                                           \
        sweep_golden(#name);                                                                                 \
    }
SWEEP(llama_low_is_high)
SWEEP(qwen3_max_window_layers)
SWEEP(mixtral_window)
SWEEP(qwen2_moe_sparse_step)
SWEEP(qwen3_moe_fp8)
SWEEP(olmoe_clip)
SWEEP(granitemoe_bias)
SWEEP(phimoe_longrope_crossing)
SWEEP(deepseek_freq)
SWEEP(deepseek_v2_groups)
SWEEP(deepseek_v3_mtp)
SWEEP(kimi_k2)
SWEEP(gpt_oss_mxfp4)
SWEEP(gpt_oss_clamp)
SWEEP(llama4_nested)
SWEEP(glm4_moe_fused)
