/*
 * The scripts of bench/ that need no peer: on a tiny shape they make their files, measure, and write what the
 * next one reads.
 */
#include "base/json.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 2 * TEST_PATH_MAX, COMMAND = 3 * WORDS };

/* python3 bench/WORDS --build (here), what it says into a file of the test's folder; its exit status. */
static int script(const char *words) {
    char command[COMMAND], folder[TEST_PATH_MAX];
    if (system("python3 --version >/dev/null 2>&1") != 0) test_skip("no python3 here");
    test_source(folder, "bench");
    snprintf(command, sizeof command,
             "cd '%s' && PYTHONDONTWRITEBYTECODE=1 python3 '%s'/%s --build '%s' >said.txt 2>&1",
             test_temp_dir(), folder, words, SY_BUILD_ROOT);
    return system(command);
}

static void expect_done(const char *words) {
    if (script(words) == 0) return;
    char path[TEST_PATH_MAX], said[2000] = "";
    test_temp_path(path, "said.txt");
    FILE *file = fopen(path, "r");
    if (file && fread(said, 1, sizeof said - 1, file) == 0) said[0] = 0;
    if (file) fclose(file);
    fail_msg("%s: %s", words, said);
}

static json_t *read_json(const char *name) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, name);
    json_t *root = json_parse_file(path, (struct json_limits){ 1 << 20, 12 }, NULL);
    assert_non_null(root);
    return root;
}

static double real(const json_t *object, const char *key) {
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) fail_msg("%s is no number", key);
    return json_number_value(value);
}

/* Ours and the machine alone: rates, shares and memory of each test, as roofline.py reads them. */
TEST(beside_llama_measures_ours_without_a_peer) {
    expect_done("shapes.py tiny:q8_0 --folder .");
    expect_done("beside_llama.py tiny-q8_0.gguf --no-peer --rounds 2 --threads 1 --tests pp8,tg3,tgb2 "
                "--json out.json");
    json_t *root = read_json("out.json");
    const json_t *results = json_object_get(root, "results");
    static const char *const names[] = { "pp8", "tg3", "tgb2" };
    assert_int_equal(json_array_size(results), 3);
    for (size_t i = 0; i < 3; i++) {
        const json_t *result = json_array_get(results, i), *row = json_object_get(result, "row");
        assert_string_equal(json_string_value(json_object_get(result, "test")), names[i]);
        assert_int_equal(json_array_size(json_object_get(result, "ours_tok_per_s")), 2);
        assert_true(real(result, "ours_median") > 0 && real(result, "ours_share") > 0);
        assert_true(real(row, "op_per_tok") > 0 && real(row, "byte_per_tok") > 0);
        assert_true(real(json_object_get(result, "limits"), "read_byte_per_s") > 0);
    }
    const json_t *peaks = json_object_get(json_object_get(root, "peak_bytes"), "tiny-q8_0.gguf");
    assert_true(real(peaks, "ours") > 1e6);
    json_decref(root);
}

TEST(perplexity_stands_beside_f32) {
    char path[TEST_PATH_MAX];
    expect_done("shapes.py tiny:q8_0 --folder .");
    test_temp_path(path, "text.txt");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 40; i++) fprintf(file, "Sheep number %d jumps over the fence. ", i);
    assert_int_equal(fclose(file), 0);
    expect_done(
        "perplexity.py tiny-q8_0.gguf --text text.txt --types bf16,q4_0 --ctx 64 --threads 1 --folder . "
        "--json out.json");
    json_t *root = read_json("out.json");
    const json_t *rows = json_object_get(root, "rows"), *f32 = json_array_get(rows, 0),
                 *bf16 = json_array_get(rows, 1), *q4 = json_array_get(rows, 2);
    assert_int_equal(json_array_size(rows), 3);
    assert_true(real(f32, "exact") > 1);
    assert_true(real(bf16, "exact") > 1 && real(bf16, "fast, integers") > 1);
    assert_null(json_object_get(bf16, "fast, bf16"));
    assert_true(real(q4, "fast, integers") > 1 && real(q4, "fast, bf16") > 1);
    assert_true(real(q4, "exact") != real(f32, "exact"));
    json_decref(root);
}

TEST(shapes_stay_out_of_the_repository) {
    char words[WORDS], root[TEST_PATH_MAX];
    test_source(root, "docs");
    snprintf(words, sizeof words, "shapes.py tiny:q8_0 --folder '%s'", root);
    assert_int_not_equal(script(words), 0);
    assert_int_not_equal(script("shapes.py nothing:q8_0 --folder ."), 0);
    assert_int_not_equal(script("shapes.py B --folder ."), 0);
}
