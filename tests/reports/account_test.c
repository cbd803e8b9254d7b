/*
 * `switchyard show` tells what a model's files say, and what is made of it.
 */
#include "converted.h"
#include "gguf_rewrite.h"
#include "hostile.h"

#include <string.h>

#define ATTENTION "model.layers.0.self_attn."

/* A member of "account"; NULL: there is none. */
static const json_t *line_of(const json_t *shown, const char *file, const char *what) {
    const json_t *line;
    size_t i;
    json_array_foreach(json_object_get(shown, "account"), i, line) {
        const char *f = json_string_value(json_object_get(line, "file"));
        const char *w = json_string_value(json_object_get(line, "what"));
        assert_true(f && w && json_is_string(json_object_get(line, "reason")));
        assert_true(json_integer_value(json_object_get(line, "count")) > 0);
        if (strcmp(f, file) == 0 && strcmp(w, what) == 0) return line;
    }
    return NULL;
}

static void is(const json_t *shown, const char *file, const char *what, const char *fate, const char *reason,
               int64_t count) {
    const json_t *line = line_of(shown, file, what);
    if (!line) fail_msg("nothing of %s: %s", file, what);
    assert_string_equal(json_string_value(json_object_get(line, "fate")), fate);
    if (!strstr(json_string_value(json_object_get(line, "reason")), reason))
        fail_msg("%s: %s", what, json_string_value(json_object_get(line, "reason")));
    assert_int_equal(json_integer_value(json_object_get(line, "count")), count);
}

static json_t *shown(const char *path) {
    json_t *json = json_loads(must_run(test_run("show", path, "--json")).out, 0, NULL);
    assert_non_null(json);
    return json;
}

static void fits(const char *text) {
    for (const char *at = text; *at;) {
        size_t length = strcspn(at, "\n");
        if (length > 80 + 60) fail_msg("too long: %.*s", (int)length, at); /* bars are bytes, not columns */
        at += length + (at[length] == '\n');
    }
}

/* Nobody could find out which of a file's statements had been heard. */
TEST(reports_show_tells_of_each_statement) {
    struct hostile h;
    hostile_open(&h);
    json_object_set_new(h.config, "use_cache", json_true());
    json_object_set_new(h.config, "secret_gate", json_true());
    json_object_set_new(h.config, "norm_topk_prob", json_true());
    json_object_set_new(h.config, "tie_word_embeddings", json_true());
    hostile_add(&h, ATTENTION "k_scale", "F32", 32, 1, (int64_t[]){ 1 });
    hostile_write(&h);
    json_t *json = shown(test_temp_dir());
    is(json, "config.json", "hidden_size", "used", "sizes", 1);
    is(json, "config.json", "use_cache", "ignored", "another program", 1);
    is(json, "config.json", "norm_topk_prob", "ignored", "holds anyway", 1);
    is(json, "config.json", "secret_gate", "unknown", "", 1);
    is(json, "weights", "lm_head.weight", "warned", "model.embed_tokens.weight", 1);
    is(json, "weights", "model.layers.{L}.self_attn.k_scale", "ignored", "cache", 1);
    is(json, "weights", "model.layers.{L}.block_sparse_moe.experts.{E}.w1.weight", "used", "", 3);
    json_decref(json);
    struct test_output output = must_run(test_run("show", test_temp_dir()));
    assert_non_null(strstr(output.out, "config.json: "));
    assert_non_null(strstr(output.out, "secret_gate"));
    assert_non_null(strstr(output.out, "lm_head.weight"));
    assert_null(strstr(output.out, "use_cache"));
    fits(output.out);
    output = must_run(test_run("show", test_temp_dir(), "--all"));
    assert_non_null(strstr(output.out, "use_cache"));
    assert_non_null(strstr(output.out, "experts.{E}.w1.weight (3)"));
    fits(output.out);
    hostile_close(&h);
}

TEST(reports_show_tells_of_metadata) {
    char file[TEST_PATH_MAX], other[TEST_PATH_MAX];
    struct hostile h;
    hostile_open(&h);
    hostile_write(&h);
    hostile_close(&h);
    test_temp_path(file, "m.gguf");
    test_temp_path(other, "n.gguf");
    must_run(test_run("convert", test_temp_dir(), "--out", file));
    const struct gguf_change change[] = { { "llama.attention.flavour", gguf_text_of("sweet"), false },
                                          { "general.author", gguf_text_of("somebody"), false } };
    gguf_rewrite(file, other, change, 2);
    json_t *json = shown(other);
    is(json, "metadata", "general.architecture", "used", "family", 1);
    is(json, "metadata", "llama.expert_count", "used", "experts", 1);
    is(json, "metadata", "general.author", "ignored", "file", 1);
    is(json, "metadata", "switchyard.file.config.json", "ignored", "convert", 1);
    is(json, "metadata", "llama.attention.flavour", "unknown", "", 1);
    is(json, "weights", "blk.{L}.ffn_gate_exps.weight", "used", "", 1);
    json_decref(json);
}
