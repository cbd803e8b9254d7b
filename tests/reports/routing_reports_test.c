/*
 * Where tokens went, counted by commands that nobody could ask before: eval and bench.
 */
#include "base/json.h"
#include "speaker.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

/* The sum of a layer's counts. */
static json_int_t sum_of(const json_t *routing, size_t layer) {
    const json_t *counts = json_array_get(json_object_get(routing, "counts"), layer);
    json_int_t sum = 0;
    assert_int_equal(json_array_size(counts), 6);
    for (size_t e = 0; e < 6; e++) sum += json_integer_value(json_array_get(counts, e));
    return sum;
}

static json_t *json_of(struct test_output got) {
    if (got.status != 0) fail_msg("%s", got.err);
    json_t *root = json_parse(got.out, (int64_t)got.out_bytes, (struct json_limits){ 1 << 20, 16 }, NULL);
    assert_non_null(root);
    return root;
}

TEST(eval_and_bench_count_where_tokens_went) {
    char model[TEST_PATH_MAX], text[TEST_PATH_MAX], questions[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    speaker_make(model);
    test_temp_path(text, "text");
    test_temp_path(questions, "questions");
    FILE *file = fopen(text, "w");
    assert_true(file && fputs("the hen and the rooster sing in the yard", file) >= 0 && fclose(file) == 0);
    file = fopen(questions, "w");
    assert_true(file && fputs("{\"context\": \"the\", \"choices\": [\" hen\", \" ox\"]}\n", file) >= 0 &&
                fclose(file) == 0);
    json_t *root = json_of(
        test_run("eval", "ppl", model, "--file", text, "--ctx", "16", "--routing", "--json", "-t", "1"));
    json_int_t windows = json_integer_value(json_object_get(root, "windows"));
    json_t *routing = json_object_get(root, "routing");
    assert_true(sum_of(routing, 0) == sum_of(routing, 1) && sum_of(routing, 0) > 2 * 8 * windows);
    json_decref(root);
    root = json_of(test_run("eval", "choice", model, "--file", questions, "--routing", "--json", "-t", "1"));
    assert_true(sum_of(json_object_get(root, "routing"), 1) > 0);
    json_decref(root);
    root =
        json_of(test_run("bench", model, "-p", "8", "-n", "4", "-r", "2", "--routing", "--json", "-t", "1"));
    assert_int_equal(sum_of(json_object_get(json_array_get(root, 0), "routing"), 0), 2 * 8 * 2);
    assert_int_equal(sum_of(json_object_get(json_array_get(root, 1), "routing"), 1), 2 * 4 * 2);
    json_decref(root);
    struct test_output human =
        test_run("bench", model, "-p", "8", "-n", "4", "-r", "2", "--routing", "-t", "1");
    assert_non_null(strstr(human.out, "Load of 6 experts, 2 chosen for each of 24 tokens"));
    human = test_run("eval", "ppl", model, "--file", text, "--ctx", "16", "--routing", "-t", "1");
    assert_non_null(strstr(human.out, "Load of 6 experts"));
}
