/*
 * A config that ties the head to the table, beside a file that holds a head.
 */
#include "base/os.h"
#include "converted.h"
#include "hostile.h"
#include "model/bind.h"

#include <stdio.h>
#include <string.h>

#define HEAD  "lm_head.weight"
#define TABLE "model.embed_tokens.weight"

/* Writes the model with its flag, and its logits to `name`; what was said on the way. */
static struct test_output logits(struct hostile *h, bool tied, const char *name) {
    char out[TEST_PATH_MAX];
    json_object_set_new(h->config, "tie_word_embeddings", json_boolean(tied));
    hostile_write(h);
    test_temp_path(out, name);
    return must_run(test_run("logits", test_temp_dir(), "--ids", "1,5,3,9", "--out", out));
}

static void same_logits(const char *a, const char *b, bool same) {
    char one[TEST_PATH_MAX], two[TEST_PATH_MAX];
    char *x = NULL, *y = NULL;
    int64_t m = 0, n = 0;
    test_temp_path(one, a);
    test_temp_path(two, b);
    assert_true(os_read_file(one, 1 << 20, &x, &m, NULL) && os_read_file(two, 1 << 20, &y, &n, NULL));
    assert_int_equal(m, n);
    assert_true((memcmp(x, y, (size_t)m) == 0) == same);
    free(x);
    free(y);
}

/* A fine-tune was merged: its head had been trained apart, the flag had stayed, and every logit was wrong. */
TEST(reports_a_head_that_differs_is_used) {
    struct hostile h;
    hostile_open(&h);
    assert_null(strstr(logits(&h, false, "apart").err, "warning"));
    struct test_output output = logits(&h, true, "flagged");
    assert_non_null(strstr(output.err, "warning"));
    assert_non_null(strstr(output.err, HEAD));
    assert_non_null(strstr(output.err, TABLE));
    same_logits("apart", "flagged", true);
    hostile_close(&h);
}

/* Others had both, and both were the same: nothing to be warned of. */
TEST(reports_a_head_that_is_the_table) {
    struct hostile h;
    hostile_open(&h);
    memcpy(hostile_tensor(&h, HEAD)->data, hostile_tensor(&h, TABLE)->data,
           (size_t)hostile_tensor(&h, HEAD)->bytes);
    assert_null(strstr(logits(&h, true, "both").err, "warning"));
    hostile_remove(&h, HEAD);
    assert_null(strstr(logits(&h, true, "table").err, "warning"));
    same_logits("both", "table", true);
    hostile_close(&h);
}

/* Some programs that tie store the one matrix under the head's name. */
TEST(reports_a_head_without_a_table) {
    struct hostile h;
    hostile_open(&h);
    logits(&h, false, "apart");
    hostile_remove(&h, HEAD);
    logits(&h, true, "table");
    snprintf(hostile_tensor(&h, TABLE)->name, 96, HEAD);
    assert_null(strstr(logits(&h, true, "head").err, "warning"));
    same_logits("table", "head", true);
    same_logits("table", "apart", false);
    static const char *const made[] = { "h.gguf", "folder", "wide" };
    for (int i = 0; i < 3; i++) {
        char to[TEST_PATH_MAX], out[TEST_PATH_MAX];
        test_temp_path(to, made[i]);
        test_temp_path(out, "converted");
        must_run(i < 2 ? test_run("convert", test_temp_dir(), "--out", to)
                       : test_run("convert", test_temp_dir(), "--out", to, "--dtype", "f32"));
        must_run(test_run("logits", to, "--ids", "1,5,3,9", "--out", out));
        if (i > 0) same_logits("head", "converted", true); /* GGUF permutes q and k: another order of sums */
    }
    hostile_close(&h);
}

static void check_head(const char *path) {
    struct model model;
    struct sy_error err = { 0 };
    if (!model_open(path, 0, &model, &err)) fail_msg("%s: %s", err.place, err.message);
    assert_false(model.spec.tied);
    assert_int_equal(model.warning_count, 0);
    model_close(&model);
}

/* What was converted from such a model had lost its head for good. */
TEST(reports_convert_keeps_both_matrices) {
    static const char *const made[2][4] = { { "a.gguf", "a.folder", "a.back", "a.wide" },
                                            { "b.gguf", "b.folder", "b.back", "b.wide" } };
    static const char *const name[2][4] = { { "a0", "a1", "a2", "a3" }, { "b0", "b1", "b2", "b3" } };
    char path[4][TEST_PATH_MAX], out[TEST_PATH_MAX];
    struct hostile h;
    hostile_open(&h);
    for (int tied = 0; tied < 2; tied++) {
        logits(&h, tied, "source");
        for (int i = 0; i < 4; i++) test_temp_path(path[i], made[tied][i]);
        must_run(test_run("convert", test_temp_dir(), "--out", path[0]));
        must_run(test_run("convert", test_temp_dir(), "--out", path[1]));
        must_run(test_run("convert", path[0], "--out", path[2]));
        must_run(test_run("convert", path[0], "--out", path[3], "--dtype", "f32"));
        for (int i = 0; i < 4; i++) {
            check_head(path[i]);
            test_temp_path(out, name[tied][i]);
            must_run(test_run("logits", path[i], "--ids", "1,5,3,9", "--out", out));
        }
    }
    for (int i = 0; i < 4; i++) same_logits(name[0][i], name[1][i], true);
    same_logits("source", "b1", true);
    hostile_close(&h);
}
