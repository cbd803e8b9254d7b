/*
 * GGUF files that another program wrote (../shared/data/vectors/gguf): logits as transformers computed them
 * on the same weights, and nothing in them left unread.
 */
#include "base/json.h"
#include "formats/gguf.h"
#include "golden.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static const char *const files[] = { "deepseek2-v2/f32", "deepseek2-v2/q8_0", "deepseek2-v2lite/f32",
                                     "deepseek2-v3/f32", "deepseek2-v3/q8_0", "glm4moe/f32",
                                     "glm4moe/q8_0",     "gpt-oss/f32",       "gpt-oss/mxfp4",
                                     "gpt-oss/q8_0",     "granitemoe/f32",    "granitemoe/q8_0",
                                     "llama/f32",        "llama/q4_0",        "llama/q8_0",
                                     "llama-moe/f32",    "llama-moe/q4_0",    "llama-moe/q8_0",
                                     "llama4/f32",       "llama4/q8_0",       "olmoe/f32",
                                     "olmoe/q8_0",       "qwen2moe/f32",      "qwen2moe/q8_0",
                                     "qwen3/f32",        "qwen3/q8_0",        "qwen3moe/f32",
                                     "qwen3moe/q4_0",    "qwen3moe/q8_0" };

static void judge(const char *folder, const char *stem, const char *model) {
    char path[TEST_PATH_MAX];
    bool plain = strcmp(stem, "f32") == 0;
    struct golden golden = { .tolerance = 1e-4 };
    struct sy_error err = { 0 };
    struct session session;
    struct golden_run run;
    arena_open(&golden.arena);
    snprintf(path, sizeof path, "%.3000s/expected%s%s.json", folder, plain ? "" : "_", plain ? "" : stem);
    golden.meta = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, &err);
    assert_non_null(golden.meta);
    golden.tolerance = json_number_value(json_object_get(golden.meta, "tolerance"));
    golden.ids = golden_numbers(&golden, "input_ids", &golden.count);
    snprintf(path, sizeof path, "%.3000s/expected%s%s.safetensors", folder, plain ? "" : "_",
             plain ? "" : stem);
    assert_true(checkpoint_open(path, &golden.expected, &err));
    golden_session(&session, model, PRECISION_EXACT, 1, LEVEL_COUNT - 1, golden.count);
    golden_feed(&session, golden.ids, golden.count, 0, 0, &run);
    assert_int_equal(session.model.census.unknown_key_count, 0);
    size_t count = (size_t)(golden.count * session.model.spec.vocab);
    assert_near(run.logits, golden_f32(&golden, (int64_t)count, "logits"), count, golden.tolerance);
    golden_run_close(&run);
    session_close(&session);
    golden_close(&golden);
}

TEST(gguf_files_of_others) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char name[64], folder[TEST_PATH_MAX], model[TEST_PATH_MAX];
        const char *slash = strchr(files[i], '/');
        snprintf(name, sizeof name, "vectors/gguf/%.*s", (int)(slash - files[i]), files[i]);
        test_needs_data(folder, name);
        snprintf(name, sizeof name, "vectors/gguf/%s.gguf", files[i]);
        test_needs_data(model, name);
        print_message("%s\n", files[i]);
        judge(folder, slash + 1, model);
    }
}
