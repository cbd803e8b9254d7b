/* tokenize: what it prints in each of its ways, and how it says what is wrong. */
#include "test.h"

#include "base/os.h"
#include <stdio.h>
#include <string.h>

static const char *golden(void) {
    static char path[TEST_PATH_MAX];
    test_source(path, "tests/golden/tokenizers/byte_level_split.json");
    return path;
}

static const char *file(const char *name, const char *text, size_t size) {
    static char path[TEST_PATH_MAX];
    struct os_writer *writer;
    test_temp_path(path, name);
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, text, (int64_t)size, NULL));
    assert_true(os_writer_commit(writer, NULL));
    return path;
}

#define assert_prints(want, ...)                                                                             \
    do {                                                                                                     \
        struct test_output printed = test_run(__VA_ARGS__);                                                  \
        assert_string_equal(printed.err, "");                                                                \
        assert_string_equal(printed.out, want);                                                              \
        assert_int_equal(printed.status, 0);                                                                 \
    } while (0)

static void assert_fails(struct test_output output, int status, const char *message) {
    assert_int_equal(output.status, status);
    assert_string_equal(output.out, "");
    if (!strstr(output.err, message)) fail_msg("'%s' does not say '%s'", output.err, message);
    assert_ptr_equal(strchr(output.err, '\n'), output.err + strlen(output.err) - 1); /* one line */
}

TEST(tokenize_there_and_back) {
    const char *model = golden();
    struct test_output output = test_run("tokenize", model, "--text", "the <s>", "--no-special", "--json");
    assert_int_equal(output.status, 0);
    assert_non_null(strstr(output.out, "],\"pieces\":[\"t\",\"h\",\"e\",\"\xc4\xa0\",\"<\",\"s\",\">\"]}\n"));
    output = test_run("tokenize", model, "--text", "<s>", "--no-special", "--parse-special");
    char id[32];
    snprintf(id, sizeof id, "%.*s", (int)strcspn(output.out, "\n"), output.out);
    assert_null(strchr(id, ' ')); /* one id */
    assert_prints("<s>", "tokenize", model, "--ids", id);
    assert_prints("{\"text\":\"<s>\"}\n", "tokenize", model, "--ids", id, "--json");
    assert_prints("3c733e\n", "tokenize", model, "--ids", id, "--hex");
}

TEST(tokenize_lines) {
    static const char lines[] = "\"a\\u0000b\"\n\n\"\"\n\"\\ud83d\\ude42\"\n";
    struct test_output output =
        test_run("tokenize", golden(), "--lines", file("l", lines, sizeof lines - 1), "--no-special");
    assert_int_equal(output.status, 0);
    char back[200];
    snprintf(back, sizeof back, "%s", output.out);
    assert_prints("\"a\\u0000b\"\n\"\"\n\"\xf0\x9f\x99\x82\"\n", "tokenize", golden(), "--decode", "--lines",
                  file("b", back, strlen(back)));
    assert_prints("\"610062\"\n\"\"\n\"f09f9982\"\n", "tokenize", golden(), "--decode", "--hex", "--lines",
                  file("b", back, strlen(back)));
}

TEST(tokenize_takes_any_bytes) {
    static const char bytes[] = "a\xff\xc3\x00z";
    struct test_output output = test_run("tokenize", golden(), "--file", file("f", bytes, 5), "--no-special");
    char ids[200];
    snprintf(ids, sizeof ids, "%.*s", (int)strcspn(output.out, "\n"), output.out);
    for (char *c = ids; *c; c++)
        if (*c == ' ') *c = ',';
    assert_prints("61ffc3007a\n", "tokenize", golden(), "--ids", ids, "--hex");
    output = test_run("tokenize", golden(), "--text", "61ffc3007a", "--hex", "--no-special");
    for (char *c = (char *)output.out; *c; c++)
        if (*c == ' ') *c = ',';
    assert_int_equal(strncmp(output.out, ids, strlen(ids)), 0);
}

TEST(tokenize_says_what_is_wrong) {
    const char *model = golden();
    assert_fails(test_run("tokenize", model), 2, "no text to encode");
    assert_fails(test_run("tokenize", model, "--text", "a", "--ids", "1"), 2, "--text and --ids");
    assert_fails(test_run("tokenize", model, "--text", "a", "--decode"), 2,
                 "--decode goes with --ids or --lines");
    assert_fails(test_run("tokenize", model, "--ids", "99999"), 1, "not in the vocabulary");
    assert_fails(test_run("tokenize", model, "--ids", "-1"), 1, "not in the vocabulary");
    assert_fails(test_run("tokenize", model, "--ids", "99999999999"), 1, "not in the vocabulary");
    assert_fails(test_run("tokenize", model, "--text", "6", "--hex"), 1, "half a byte");
    assert_fails(test_run("tokenize", model, "--text", "6g", "--hex"), 1, "hexadecimal");
    assert_fails(test_run("tokenize", model, "--lines", file("x", "\"a\"\n7\n", 6)), 1, "line 2");
    assert_fails(test_run("tokenize", model, "--decode", "--lines", file("x", "[1]\n[-3]\n", 9)), 1,
                 "line 2");
    assert_fails(test_run("tokenize", "/nowhere", "--text", "a"), 1, "/nowhere");
    assert_fails(test_run("tokenize", file("r.tiktoken", "YQ== 0\n", 7), "--text", "a"), 1, "--pre");
    assert_fails(test_run("tokenize", file("r.tiktoken", "YQ== 0\n", 7), "--pre", "zz", "--text", "a"), 1,
                 "'zz'");
}
