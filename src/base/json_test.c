/* JSON: limits, places, the integers that jansson will not take, and output that reads back the same. */
#include "base/json.h"
#include "base/os.h"
#include "base/random.h"
#include "test.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct json_limits usual = { 1 << 20, 32 };

static json_t *parse(const char *text, struct sy_error *err) {
    return json_parse(text, (int64_t)strlen(text), usual, err);
}

static void assert_refused(const char *text, enum sy_code code, const char *place) {
    struct sy_error err = { .code = SY_OK };
    assert_null(parse(text, &err));
    assert_int_equal(err.code, code);
    assert_string_equal(err.place, place);
}

TEST(json_reads) {
    json_t *root = parse("{\"a\": [1, 2.5, \"\xc3\xa9\"], \"b\": null}", NULL);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(root, "a"), 0)), 1);
    assert_string_equal(json_string_value(json_array_get(json_object_get(root, "a"), 2)), "\xc3\xa9");
    json_decref(root);
    root = json_parse("[1]garbage", 3, usual, NULL); /* no further than `size` */
    assert_non_null(root);
    json_decref(root);
    root = parse("5", NULL);
    assert_true(json_is_integer(root));
    json_decref(root);
}

TEST(json_refuses_with_place) {
    assert_refused("", SY_ERR_FORMAT, "line 1, column 1");
    assert_refused("{\n  \"a\": x\n}", SY_ERR_FORMAT, "line 2, column 8");
    assert_refused("{\"a\": 1,}", SY_ERR_FORMAT, "line 1, column 9");
    assert_refused("[1] [2]", SY_ERR_FORMAT, "line 1, column 5");
    assert_refused("{\"a\": 1,\n \"b\": 2,\n \"a\": 3}", SY_ERR_FORMAT, "line 3, column 4"); /* twice */
    assert_refused("[\"\xc3\xa9\", x]", SY_ERR_FORMAT, "line 1, column 7"); /* characters, not bytes */
    assert_refused("[1, // no\n 2]", SY_ERR_FORMAT, "line 1, column 5");
    assert_refused("[NaN]", SY_ERR_FORMAT, "line 1, column 4");
    assert_refused("[\"\\u0000\"]", SY_ERR_FORMAT, "line 1, column 9");
    struct sy_error err;
    static const char *const more[] = { "[01]",           "[1",         "\"abc",   "[1e999]", "['a']",
                                        "[\"\xff\"]",     "[\"a\nb\"]", "{\"a\"}", "[-]",     "[+1]",
                                        "\xef\xbb\xbf[]", "\\",         "[\"\\",   "{1:2}",   "]" };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; ++i) {
        assert_null(parse(more[i], &err));
        assert_int_equal(err.code, SY_ERR_FORMAT);
        assert_memory_equal(err.place, "line ", 5);
    }
    assert_null(json_parse("[1,\0 2]", 7, usual, &err));
    assert_int_equal(err.code, SY_ERR_FORMAT);
}

TEST(json_depth_bombs) {
    enum { DEEP = 200000 };
    char *bomb = malloc(DEEP * 5 + 1);
    struct sy_error err;
    memset(bomb, '[', DEEP);
    assert_null(json_parse(bomb, DEEP, usual, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_string_equal(err.place, "line 1, column 33");
    for (int i = 0; i < DEEP; ++i) memcpy(bomb + 5 * (size_t)i, "{\"a\":", 5);
    assert_null(json_parse(bomb, DEEP * 5, usual, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    free(bomb);
    json_t *root =
        parse("[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"]", &err); /* text is not nesting */
    assert_non_null(root);
    json_decref(root);
    assert_null(json_parse("[[]]", 4, (struct json_limits){ 100, 1 }, &err));
    root = json_parse("[[],[],[]]", 10, (struct json_limits){ 100, 2 }, &err);
    assert_non_null(root);
    json_decref(root);
    assert_null(json_parse("[1,2]", 5, (struct json_limits){ 4, 9 }, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
}

TEST(json_integers_beyond_int64) {
    json_t *root =
        parse("{\"max\": 1000000000000000019884624838656, \"s\": \"99999999999999999999\",\n"
              "\"l\": [9223372036854775807, -9223372036854775808, 9223372036854775808,-9223372036854775809]}",
              NULL);
    assert_non_null(root);
    assert_true(json_real_value(json_object_get(root, "max")) == 1e30);
    assert_string_equal(json_string_value(json_object_get(root, "s")), "99999999999999999999");
    json_t *list = json_object_get(root, "l");
    assert_true(json_integer_value(json_array_get(list, 0)) == INT64_MAX);
    assert_true(json_integer_value(json_array_get(list, 1)) == INT64_MIN);
    assert_true(json_real_value(json_array_get(list, 2)) == 0x1p63);
    assert_true(json_real_value(json_array_get(list, 3)) == -0x1p63);
    json_decref(root);
    /* What was put in does not shift the place of a later error. */
    assert_refused("[99999999999999999999, 99999999999999999999, x]", SY_ERR_FORMAT, "line 1, column 46");
}

/* ---- the words of Python's json module ---- */

static json_t *parse_words(const char *text, struct sy_error *err) {
    return json_parse_words(text, (int64_t)strlen(text), usual, err);
}

/* Law: what was read is written as it was, and no typed reader takes a word for something else. */
TEST(json_words_are_read_and_written_as_they_were) {
    static const char text[] = "{\"a\":[0.0,Infinity,-Infinity,NaN],\"NaN\":\"Infinity\",\"b\":NaN,\"c\":-1}";
    struct sy_error err = { .code = SY_OK };
    json_t *root = parse_words(text, &err);
    if (!root) fail_msg("%s: %s", err.place, err.message);
    json_t *list = json_object_get(root, "a"), *word = json_array_get(list, 1);
    assert_string_equal(json_word(word), "Infinity");
    assert_string_equal(json_word(json_array_get(list, 2)), "-Infinity");
    assert_string_equal(json_word(json_object_get(root, "b")), "NaN");
    assert_null(json_word(json_object_get(root, "NaN"))); /* "Infinity" in quotes is a text */
    assert_null(json_word(json_object_get(root, "c")));
    int64_t whole;
    assert_false(json_is_number(word) || json_is_object(word) || json_is_array(word) ||
                 json_is_boolean(word) || json_to_i64(word, &whole));
    char *again = json_text(root, JSON_COMPACT | JSON_REAL_PRECISION(15));
    assert_string_equal(again, text);
    free(again);
    json_decref(root);
    root = parse_words("-Infinity", &err); /* at the text's very ends, too */
    assert_string_equal(json_word(root), "-Infinity");
    json_decref(root);
}

TEST(json_words_are_whole_words_and_only_where_asked_for) {
    static const char *const wrong[] = { "[nan]",       "[inf]",       "[Infinit]", "[Infinityx]",
                                         "[xNaN]",      "[+Infinity]", "[-NaN]",    "[- Infinity]",
                                         "[1Infinity]", "{NaN: 1}",    "[NaN NaN]", "NaN NaN" };
    struct sy_error err;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; ++i) {
        assert_null(parse_words(wrong[i], &err));
        assert_int_equal(err.code, SY_ERR_FORMAT);
    }
    assert_refused("[1, -Infinity]", SY_ERR_FORMAT, "line 1, column 5"); /* what a user types is strict */
    /* What was put in does not shift the place of a later error, nor of one within. */
    err = (struct sy_error){ .code = SY_OK };
    assert_null(parse_words("[NaN, -Infinity, 99999999999999999999, x]", &err));
    assert_string_equal(err.place, "line 1, column 40");
    err = (struct sy_error){ .code = SY_OK };
    assert_null(parse_words("[1, 2 Infinity]", &err));
    assert_string_equal(err.place, "line 1, column 7");
}

TEST(json_whole_numbers) {
    static const struct {
        const char *text;
        bool whole;
        int64_t value;
    } cases[] = { { "4096", true, 4096 },
                  { "4096.0", true, 4096 },
                  { "1e6", true, 1000000 },
                  { "-3.0", true, -3 },
                  { "0.5", false, 0 },
                  { "1e30", false, 0 },
                  { "9007199254740992.0", true, (int64_t)1 << 53 },
                  { "9007199254740994.0", false, 0 },
                  { "\"5\"", false, 0 },
                  { "true", false, 0 },
                  { "null", false, 0 },
                  { "9223372036854775807", true, INT64_MAX },
                  { "99999999999999999999", false, 0 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; ++i) {
        int64_t value = 0;
        json_t *json = parse(cases[i].text, NULL);
        assert_non_null(json);
        assert_int_equal(json_to_i64(json, &value), cases[i].whole);
        assert_true(value == cases[i].value);
        json_decref(json);
    }
    int64_t value;
    assert_false(json_to_i64(NULL, &value));
}

TEST(json_files_are_named_in_errors) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    struct sy_error err;
    test_temp_path(path, "config.json");
    assert_null(json_parse_file(path, usual, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    assert_true(os_writer_open(path, false, &writer, NULL) && os_writer_write(writer, "{\n]", 3, NULL) &&
                os_writer_commit(writer, NULL));
    assert_null(json_parse_file(path, usual, &err));
    assert_string_equal(err.file, path);
    assert_string_equal(err.place, "line 2, column 1");
}

/* Law: no bytes crash it, and what it takes holds no more depth than allowed. */
TEST(json_random_bytes) {
    static const char alphabet[] = "[]{}\",:0123456789-+.eEtruefalsn \n\\u/x\xc3\xa9";
    struct random random = random_seed(7);
    for (int round = 0; round < 50000; ++round) {
        char text[48];
        size_t size = random_below(&random, sizeof text);
        for (size_t i = 0; i < size; ++i) text[i] = alphabet[random_below(&random, sizeof alphabet)];
        struct sy_error err;
        json_t *root = json_parse(text, (int64_t)size, (struct json_limits){ 64, 4 }, &err);
        if (!root) assert_true(err.message[0] && err.place[0]);
        json_decref(root);
    }
}

/* ---- output ---- */

TEST(text_grows) {
    struct text text = { 0 };
    for (int i = 0; i < 5000; ++i) text_add(&text, "%d,", i);
    assert_false(text.failed);
    assert_int_equal(strlen(text.data), text.size);
    assert_memory_equal(text.data, "0,1,2,", 6);
    text_free(&text);
    assert_null(text.data);
    text_add(&text, "%s", "");
    assert_string_equal(text.data, "");
    text_free(&text);
}

/* Law: what is written is read back the same, byte by byte and bit by bit. */
TEST(text_json_reads_back) {
    struct random random = random_seed(8);
    for (int round = 0; round < 20000; ++round) {
        struct text text = { 0 };
        char string[24];
        size_t length = random_below(&random, sizeof string);
        for (size_t i = 0; i < length; ++i) string[i] = (char)(1 + random_below(&random, 127));
        string[length] = 0;
        double number;
        uint64_t bits = random_u64(&random);
        memcpy(&number, &bits, sizeof number);
        if (round % 3 == 0) number = (double)(int64_t)random_below(&random, 1000000) / 1000;
        if (!isfinite(number)) number = -0.0;
        text_add(&text, "[");
        text_add_json_string(&text, string);
        text_add(&text, ",");
        text_add_json_number(&text, number);
        text_add(&text, "]");
        json_t *root = json_parse(text.data, (int64_t)text.size, usual, NULL);
        assert_non_null(root);
        assert_string_equal(json_string_value(json_array_get(root, 0)), string);
        double back = json_number_value(json_array_get(root, 1));
        assert_memory_equal(&back, &number, sizeof back);
        json_decref(root);
        text_free(&text);
    }
}

TEST(text_json_odd_values) {
    struct text text = { 0 };
    text_add_json_string(&text, "\xc3\xa9\xff\xed\xa0\x80\n\x01");
    text_add_json_string(&text, NULL);
    text_add_json_number(&text, NAN);
    text_add_json_number(&text, -INFINITY);
    text_add_json_number(&text, 0.1);
    assert_string_equal(
        text.data, "\"\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\n\\u0001\"nullnullnull0.1");
    text_free(&text);
}
