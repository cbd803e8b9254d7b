/*
 * convert there and back: a checkpoint of every family goes to GGUF and home again with the same tensors,
 * names, types and bytes, and the same config; and what GGUF says gives the same logits.
 */
#include "formats/safetensors.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static void same_tensors(const char *before, const char *after) {
    struct checkpoint a, b;
    struct sy_error err = { 0 };
    if (!checkpoint_open(before, &a, &err) || !checkpoint_open(after, &b, &err))
        fail_msg("%s: %s", err.file, err.message);
    assert_int_equal(a.count, b.count);
    for (int64_t i = 0; i < a.count; i++) {
        const struct tensor *x = &a.tensors[i], *y = &b.tensors[i];
        if (strcmp(x->name, y->name) != 0) fail_msg("%s became %s", x->name, y->name);
        if (x->dtype != y->dtype || x->rank != y->rank || x->bytes != y->bytes ||
            memcmp(x->shape, y->shape, (size_t)x->rank * sizeof *x->shape) != 0)
            fail_msg("%s: %s %lld bytes became %s %lld bytes", x->name, dtype_name(x->dtype),
                     (long long)x->bytes, dtype_name(y->dtype), (long long)y->bytes);
        if (memcmp(x->data, y->data, (size_t)x->bytes) != 0) fail_msg("%s: other bytes", x->name);
    }
    checkpoint_close(&a);
    checkpoint_close(&b);
}

/* Not to the bit: where q and k rows are permuted, scores add up in another order. */
static void near_logits(const char *want, const char *got) {
    struct checkpoint a, b;
    assert_true(checkpoint_open(want, &a, NULL) && checkpoint_open(got, &b, NULL));
    assert_int_equal(a.tensors[0].bytes, b.tensors[0].bytes);
    assert_near((const float *)(const void *)b.tensors[0].data,
                (const float *)(const void *)a.tensors[0].data, (size_t)a.tensors[0].bytes / sizeof(float),
                1e-5);
    checkpoint_close(&a);
    checkpoint_close(&b);
}

static void there_and_back(const char *name) {
    char source[TEST_PATH_MAX], folder[TEST_PATH_MAX], gguf[TEST_PATH_MAX], back[TEST_PATH_MAX],
        a[TEST_PATH_MAX], b[TEST_PATH_MAX];
    char file[128];
    print_message("%s\n", name);
    snprintf(folder, sizeof folder, "tests/golden/%s", name);
    test_source(source, folder);
    snprintf(file, sizeof file, "%s.gguf", name);
    test_temp_path(gguf, file);
    test_temp_path(back, name);
    test_temp_path(a, "a.safetensors");
    test_temp_path(b, "b.safetensors");
    struct test_output got = test_run("convert", source, "--out", gguf);
    if (got.status != 0) fail_msg("exit %d: %s", got.status, got.err);
    got = test_run("convert", gguf, "--out", back);
    if (got.status != 0) fail_msg("exit %d: %s", got.status, got.err);
    same_tensors(source, back);
    assert_int_equal(test_run("logits", source, "--ids", "1,2,3,4,5,6,7", "--out", a).status, 0);
    assert_int_equal(test_run("logits", back, "--ids", "1,2,3,4,5,6,7", "--out", b).status, 0);
    same_tensors(a, b); /* config included */
    assert_int_equal(test_run("logits", gguf, "--ids", "1,2,3,4,5,6,7", "--out", b).status, 0);
    near_logits(a, b);
}

TEST(convert_there_and_back) {
    static const char *const cases[] = {
        "llama_bias_llama3", "qwen3_yarn",         "mixtral_sharded",      "qwen2_moe_window",
        "qwen3_moe_window",  "olmoe_clip",         "granitemoe_bias",      "phimoe_longrope_short",
        "deepseek_top1",     "deepseek_v2_groups", "deepseek_v3_negative", "gpt_oss_top1",
        "gpt_oss_mxfp4",     "llama4_no_qk_norm",  "glm4_moe_groups"
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) there_and_back(cases[i]);
}
