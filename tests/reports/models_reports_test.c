/*
 * Models by name: what $SWITCHYARD_MODELS holds, and what a name may leave out.
 */
#include "base/json.h"
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_home(void) {
    char home[TEST_PATH_MAX], path[TEST_PATH_MAX], gguf[TEST_PATH_MAX];
    test_temp_path(home, "home");
    assert_int_equal(mkdir(home, 0700), 0);
    test_temp_path(path, "home/letters");
    assert_int_equal(symlink(text_model(), path), 0);
    test_temp_path(gguf, "home/smol.gguf");
    struct test_output made = test_run("convert", text_model(), "--out", gguf, "--dtype", "f32");
    if (made.status != 0) fail_msg("%s", made.err);
    test_temp_path(path, "home/broken.gguf");
    FILE *file = fopen(path, "w");
    assert_true(file && fputs("nothing that is a model", file) >= 0 && fclose(file) == 0);
    setenv("SWITCHYARD_MODELS", home, 1);
}

/* Nothing told which models a name could be, nor what they are. */
TEST(models_lists_what_names_lead_to) {
    make_home();
    struct test_output human = test_run("models"), names = test_run("models", "--names"),
                       json = test_run("models", "--json");
    assert_int_equal(human.status, 0);
    assert_non_null(strstr(human.out, "letters  mixtral"));
    assert_non_null(strstr(human.out, "smol     mixtral"));
    assert_non_null(strstr(human.out, "broken: ")); /* and why */
    assert_non_null(strstr(human.out, "plan --list"));
    assert_non_null(strstr(names.out, "broken\nletters\nsmol\n"));
    json_t *root = json_parse(json.out, (int64_t)json.out_bytes, (struct json_limits){ 1 << 20, 8 }, NULL);
    const json_t *smol = json_array_get(root, 2);
    assert_string_equal(json_string_value(json_object_get(smol, "name")), "smol");
    assert_string_equal(json_string_value(json_object_get(smol, "family")), "mixtral");
    assert_string_equal(json_string_value(json_array_get(json_object_get(smol, "types"), 0)), "F32");
    assert_true(json_integer_value(json_object_get(smol, "bytes")) > 10000);
    assert_non_null(json_object_get(json_array_get(root, 0), "error"));
    json_decref(root);
}

/* smol.gguf in the folder of models was not found as smol. */
TEST(a_model_is_found_without_its_ending) {
    make_home();
    assert_int_equal(test_run("run", "smol", "--ids", "1,2,3", "-n", "2").status, 0);
    assert_int_equal(test_run("show", "smol").status, 0);
    assert_int_equal(test_run("run", "letters", "-p", "Ab", "-n", "2").status, 0);
    char path[TEST_PATH_MAX];
    test_temp_path(path, "home/smol-00001-of-00002.gguf");
    FILE *file = fopen(path, "w");
    assert_true(file && fclose(file) == 0);
    struct test_output two = test_run("run", "smol", "--ids", "1", "-n", "1");
    assert_int_equal(two.status, 1);
    assert_non_null(strstr(two.err, "name one of smol-00001-of-00002.gguf, smol.gguf"));
    assert_int_equal(test_run("run", "smol.gguf", "--ids", "1", "-n", "1").status, 0);
}
