/*
 * What has gone wrong elsewhere with safetensors and config.json files, by report: one test for each row of
 * ../shared/reference/hostile.md that concerns a file read here. The bad input is the row's; where the row is
 * of another format, its idea in ours.
 */
#include "hostile.h"

#include "engine/session.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WEIGHTS "model.safetensors"
#define CONFIG  "config.json"
#define INDEX   "model.safetensors.index.json"

#define EMBED       "model.embed_tokens.weight"
#define EMBED_ENTRY "{\"dtype\":\"BF16\",\"shape\":[11,8],\"data_offsets\":[0,176]}"

/* The embedding's entry replaced by another text: refused. */
static struct sy_error refuse_entry(const struct hostile *h, const char *entry) {
    char *header = hostile_header(h), *changed = hostile_replace(header, EMBED_ENTRY, entry);
    print_message("%s\n", entry);
    hostile_write_header(h, changed);
    struct sy_error err = hostile_refused(WEIGHTS, NULL);
    free(header);
    free(changed);
    return err;
}

static void refuse_shape(const struct hostile *h, const char *shape) {
    char entry[320];
    snprintf(entry, sizeof entry, "{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[0,176]}", shape);
    struct sy_error err = refuse_entry(h, entry);
    assert_non_null(strstr(err.place, EMBED));
}

static void refuse_offsets(const struct hostile *h, const char *offsets) {
    char entry[320];
    snprintf(entry, sizeof entry, "{\"dtype\":\"BF16\",\"shape\":[11,8],\"data_offsets\":[%s]}", offsets);
    refuse_entry(h, entry);
}

static void open_tiny(struct hostile *h) {
    hostile_open(h);
    hostile_write(h);
    hostile_accepted();
}

/* The file's first eight bytes, the length of its header, are replaced. */
static void refuse_length(const struct hostile *h, uint64_t length) {
    char path[TEST_PATH_MAX];
    hostile_write(h);
    test_temp_path(path, WEIGHTS);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pwrite(file, &length, sizeof length, 0), sizeof length);
    close(file);
    hostile_refused(WEIGHTS, NULL);
}

/* The lesson of the list: boundary integers in every size field. */
static const char *const boundaries[] = {
    "0",
    "1",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "4398046511105",
    "4611686018427387904",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-1",
    "-9223372036854775808",
    "1e308",
    "1.5",
    "88.0",
    "\"11\"",
    "null",
    "[]",
};

TEST(hostile_boundary_integers_in_size_fields) {
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof boundaries / sizeof *boundaries; i++) {
        char text[200];
        const char *b = boundaries[i];
        snprintf(text, sizeof text, "%s,8", b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "11,%s", b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "%s,%s", b, b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "%s,0,%s", b, b), refuse_shape(&h, text);
        snprintf(text, sizeof text, "0,%s", b), refuse_offsets(&h, text);
        if (strcmp(b, "0") != 0) snprintf(text, sizeof text, "%s,176", b), refuse_offsets(&h, text);
        snprintf(text, sizeof text, "%s,%s", b, b), refuse_offsets(&h, text);
    }
    hostile_close(&h);
}

/* LiteRT #9255, qvac #4595: the eight bytes of the header's length, unbounded. */
TEST(hostile_litert_9255_length_of_the_header) {
    static const uint64_t lengths[] = { 0,
                                        1,
                                        2,
                                        7,
                                        1 << 20,
                                        100 << 20,
                                        1u << 31,
                                        1ull << 32,
                                        1ull << 42,
                                        1ull << 63,
                                        UINT64_MAX,
                                        UINT64_MAX - 7,
                                        UINT64_MAX - 8,
                                        INT64_MAX,
                                        INT64_MAX - 7 };
    struct hostile h;
    open_tiny(&h);
    char *header = hostile_header(&h);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) refuse_length(&h, lengths[i]);
    for (uint64_t near = strlen(header) - 9; near < strlen(header) + 9; near++)
        if (near != strlen(header)) refuse_length(&h, near);
    free(header);
    hostile_close(&h);
}

/* LiteRT #9255, colibri #413: shapes whose product wraps to the right number of bytes. */
TEST(hostile_litert_9255_wrapped_shape) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "9223372036854775896,1");   /* 2^63 + 88 */
    refuse_shape(&h, "4294967296,4294967296");   /* 2^64 = 0 */
    refuse_shape(&h, "4611686018427387915,8");   /* (2^62 + 11) * 8 = 88 mod 2^64 */
    refuse_shape(&h, "2305843009213693963,8");   /* (2^61 + 11) * 8 = 88 mod 2^64 */
    refuse_shape(&h, "2147483648,4294967296,2"); /* 2^64 */
    refuse_shape(&h, "65536,65536,65536,65536,88");
    refuse_shape(&h, "11,8,1,1,1,1,1,1,1"); /* more sides than any tensor */
    refuse_shape(&h, "0,9223372036854775807,9223372036854775807");
    hostile_close(&h);
}

/* colibri #413: the product of the shape against the span of bytes. */
TEST(hostile_colibri_413_shape_against_span) {
    static const char *const spans[] = { "0,175", "0,177", "0,174",     "0,178", "0,88",
                                         "0,352", "1,177", "2,178",     "0,0",   "176,176",
                                         "176,0", "0",     "0,176,176", "",      "0,176.0" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) refuse_offsets(&h, spans[i]);
    refuse_shape(&h, "11,9");
    refuse_shape(&h, "88");
    refuse_shape(&h, "");
    hostile_close(&h);
}

/* colibri GHSA-gf38 and its like: a span of bytes that fits no dtype must not be read as if it were two bits.
 */
TEST(hostile_colibri_bytes_of_an_unknown_type) {
    static const char *const types[] = { "INT2", "I2", "U2", "Q2_K", "F4", "I4", "BOOL", "U8", "F8_E4M3" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        for (int bytes = 22; bytes <= 176; bytes *= 2) {
            char entry[320];
            if (bytes == 88 && strcmp(types[i], "F8_E4M3") == 0) continue; /* sound but for the next span */
            snprintf(entry, sizeof entry, "{\"dtype\":\"%s\",\"shape\":[11,8],\"data_offsets\":[0,%d]}",
                     types[i], bytes);
            refuse_entry(&h, entry);
        }
    hostile_close(&h);
}

/* colibri: the first expert's size is not that of all experts. */
TEST(hostile_colibri_experts_of_unequal_size) {
    static const char *const names[] = { "w1", "w2", "w3" };
    for (int expert = 0; expert < HOSTILE_EXPERTS; expert++)
        for (int w = 0; w < 3; w++)
            for (int step = -1; step <= 2; step++) {
                char name[96];
                struct hostile h;
                if (step == 0) continue;
                hostile_open(&h);
                snprintf(name, sizeof name, "model.layers.0.block_sparse_moe.experts.%d.%s.weight", expert,
                         names[w]);
                struct hostile_tensor *t = hostile_tensor(&h, name);
                t->shape[w == 1] += step;
                t->bytes = 2 * t->shape[0] * t->shape[1];
                free(t->data);
                t->data = calloc((size_t)t->bytes, 1);
                hostile_write(&h);
                hostile_refused(WEIGHTS, name);
                hostile_close(&h);
            }
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
        "2147483647",          "18446744073709551615", "99999999999999999999", "64",         "-1"
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

/* colibri GHSA-2qrj-xjmh-mv74: a key without quotes, read past the end. */
TEST(hostile_ghsa_2qrj_keys_without_quotes) {
    static const char *const headers[] = {
        "{a",
        "{a:1}",
        "{a\":{}}",
        "{\"a",
        "{\"a\\",
        "{\"a\\\"",
        "{\"a\":",
        "{\"a\":{",
        "{\"a\":{\"dtype",
        "{'a':{}}",
        "{",
        "{,}",
        "{\"a\"}",
        "{\"a\" {}}",
        "{1:{}}",
        "{null:{}}",
        "{\"a\":{}",
        "{\"a\":\"",
        "{\"a\":[",
        "{\"a\":{}}}",
        "{\"a\":{}}x",
        "{\"\\u0000\":{}}",
        "{\"\\ud800\":{}}",
        "{\"\xff\":{}}",
        "",
        " ",
        "x",
        "\"",
        "\\",
        "[]",
        "null",
        "{\"a\":{dtype:\"BF16\"}}",
        "{\"__metadata__\":",
        "{\"__metadata__\":{a",
        "{\"__metadata__\":{\"a",
    };
    struct hostile h;
    open_tiny(&h);
    while (h.count) hostile_remove(&h, h.tensors[0].name); /* the file ends with the header */
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        print_message("%s\n", headers[i]);
        hostile_write_header(&h, headers[i]);
        hostile_refused(WEIGHTS, NULL);
    }
    hostile_close(&h);
}

/* CVE-2026-7482: a tensor whose data lie beyond the end of the file. */
TEST(hostile_cve_2026_7482_data_beyond_the_end) {
    static const char *const offsets[] = { "1000000,1000176",
                                           "9223372036854775631,9223372036854775807",
                                           "18446744073709551440,18446744073709551616",
                                           "-176,0",
                                           "4294967296,4294967472",
                                           "1099511627776,1099511627952" };
    struct hostile h;
    open_tiny(&h);
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) refuse_offsets(&h, offsets[i]);
    /* the last tensor, by exactly its own size, and by one element */
    struct hostile_tensor last = h.tensors[h.count - 1];
    int64_t begin = 0;
    for (int i = 0; i < h.count - 1; i++) begin += h.tensors[i].bytes;
    for (int64_t by = 2; by <= last.bytes; by += last.bytes - 2) {
        char from[64], to[64], *header = hostile_header(&h);
        snprintf(from, sizeof from, "[%lld,%lld]", (long long)begin, (long long)(begin + last.bytes));
        snprintf(to, sizeof to, "[%lld,%lld]", (long long)(begin + by), (long long)(begin + by + last.bytes));
        char *changed = hostile_replace(header, from, to);
        hostile_write_header(&h, changed);
        hostile_refused(WEIGHTS, last.name);
        free(header);
        free(changed);
    }
    hostile_close(&h);
}

/* CVE-2025-53630, CVE-2026-27940: sums of sizes that wrap. */
TEST(hostile_cve_2025_53630_sizes_whose_sum_wraps) {
    struct hostile h;
    open_tiny(&h);
    char *header = hostile_header(&h);
    char *changed =
        hostile_replace(header, "{\"" EMBED "\":",
                        "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,"
                        "9223372036854775807]},\"b\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],"
                        "\"data_offsets\":[9223372036854775807,18446744073709551614]},\"" EMBED "\":");
    hostile_write_header(&h, changed);
    hostile_refused(WEIGHTS, NULL);
    free(changed);
    changed = hostile_replace(header, "{\"" EMBED "\":",
                              "{\"a\":{\"dtype\":\"U8\",\"shape\":[9223372036854775807],\"data_offsets\":[0,"
                              "9223372036854775807]},\"" EMBED "\":");
    hostile_write_header(&h, changed);
    hostile_refused(WEIGHTS, "\"a\"");
    free(changed);
    free(header);
    hostile_close(&h);
}

/* CVE-2026-33298: 2^42 + 1 elements of a side, an exabyte that wraps to four megabytes. */
TEST(hostile_cve_2026_33298_exabytes) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "4398046511105,4194304");
    refuse_shape(&h, "4194304,4398046511105");
    refuse_shape(&h, "4398046511105,4398046511105");
    refuse_shape(&h, "1,4398046511105");
    hostile_close(&h);
}

/* CVE-2024-21802: negative sides. */
TEST(hostile_cve_2024_21802_negative_sides) {
    struct hostile h;
    open_tiny(&h);
    refuse_shape(&h, "-11,-8");
    refuse_shape(&h, "-1,88");
    refuse_shape(&h, "11,-8");
    refuse_shape(&h, "-9223372036854775808,-9223372036854775808");
    refuse_shape(&h, "-9223372036854775808,2");
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
    hostile_refused_at("", "", NULL);
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
        char path[TEST_PATH_MAX];
        test_temp_path(path, WEIGHTS);
        unlink(path);
        for (int shard = 1; shard <= 3; shard++)
            for (int of = 2; of <= 3; of++) {
                char name[64];
                snprintf(name, sizeof name, "model-%05d-of-%05d.safetensors", shard, of);
                test_temp_path(path, name);
                unlink(path);
            }
        test_temp_path(path, INDEX);
        unlink(path);
    }
}
