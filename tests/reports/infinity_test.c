/*
 * Configs that Python wrote: its json module puts NaN, Infinity and -Infinity where a float is no finite
 * number.
 */
#include "hostile.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text, until the next call. */
static const char *config_of(const char *folder, char path[TEST_PATH_MAX]) {
    static char text[1 << 16];
    snprintf(path, TEST_PATH_MAX, "%.4000s/config.json", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

/* The config at `path` becomes `text` with `members` before all others. */
static void put(const char *path, const char *text, const char *members) {
    assert_int_equal(remove(path), 0); /* a link, perhaps */
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "{ %s,%s", members, strchr(text, '{') + 1);
    assert_int_equal(fclose(file), 0);
}

/* Somebody's config.json held "time_step_limit": [0.0, Infinity], which nobody reads, and the model did not
 * load. */
TEST(infinity_where_nobody_reads_it_loads_and_is_copied) {
    const char *model = text_model();
    char path[TEST_PATH_MAX], out[TEST_PATH_MAX], copy[TEST_PATH_MAX];
    const char *before = config_of(model, path);
    put(path, before, "\"time_step_limit\": [0.0, Infinity], \"floor\": -Infinity, \"unset\": NaN");
    struct test_output run = test_run("run", model, "--ids", "1,2", "-n", "1");
    if (run.status != 0) fail_msg("%s", run.err);
    assert_int_equal(test_run("show", model).status, 0);
    assert_int_equal(test_run("plan", model).status, 0);
    test_temp_path(out, "out"); /* another type: config.json is parsed and printed again */
    run = test_run("convert", model, "--out", out, "--dtype", "bf16");
    if (run.status != 0) fail_msg("%s", run.err);
    const char *text = config_of(out, copy);
    assert_non_null(strstr(text, "Infinity\n"));
    assert_non_null(strstr(text, "\"floor\": -Infinity"));
    assert_non_null(strstr(text, "\"unset\": NaN"));
    assert_int_equal(test_run("run", out, "--ids", "1,2", "-n", "1").status, 0);
}

static void side(const char *folder, const char *name, const char *text) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

/* tokenizer_config.json and generation_config.json are written by the same code. */
TEST(infinity_in_side_files) {
    const char *model = text_model();
    char gguf[TEST_PATH_MAX], out[TEST_PATH_MAX], copy[TEST_PATH_MAX];
    side(model, "tokenizer_config.json", "{\"model_max_length\": Infinity, \"dropout\": NaN}");
    side(model, "generation_config.json", "{\"length_penalty\": -Infinity}");
    const char *before = config_of(model, copy);
    put(copy, before, "\"time_step_limit\": [0.0, Infinity]");
    struct test_output run = test_run("run", model, "-p", "ab", "-n", "1");
    if (run.status != 0) fail_msg("%s", run.err);
    test_temp_path(gguf, "m.gguf"); /* there and back: the files travel */
    test_temp_path(out, "again");
    assert_int_equal(test_run("convert", model, "--out", gguf).status, 0);
    run = test_run("run", gguf, "-p", "ab", "-n", "1");
    if (run.status != 0) fail_msg("%s", run.err);
    run = test_run("convert", gguf, "--out", out);
    if (run.status != 0) fail_msg("%s", run.err);
    assert_non_null(strstr(config_of(out, copy), "Infinity"));
    assert_int_equal(test_run("run", out, "-p", "ab", "-n", "1").status, 0);
    side(model, "generation_config.json", "{\"temperature\": Infinity}");
    run = test_run("run", model, "-p", "ab", "-n", "1");
    assert_int_equal(run.status, 1);
    if (!strstr(run.err, "temperature")) fail_msg("%s", run.err);
}

/* The same word in a key that decides something: the key is named, not a place in the text. */
TEST(infinity_in_a_key_that_is_read_is_refused_by_name) {
    static const char *const members[][2] = {
        { "\"rope_theta\": Infinity", "rope_theta: a number wanted, Infinity found" },
        { "\"hidden_size\": -Infinity", "hidden_size: " },
        { "\"model_type\": NaN", "model_type" },
    };
    const char *model = text_model();
    char path[TEST_PATH_MAX], key[32];
    char *text = strdup(config_of(model, path));
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        snprintf(key, sizeof key, "%.*s", (int)strcspn(members[i][0], ":"), members[i][0]);
        char *other = hostile_replace(text, key, "\"another_key\"");
        put(path, other, members[i][0]);
        struct test_output run = test_run("run", model, "--ids", "1,2", "-n", "1");
        assert_int_equal(run.status, 1);
        if (!strstr(run.err, members[i][1])) fail_msg("%s", run.err);
        free(other);
    }
    free(text);
}
