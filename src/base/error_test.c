/* Errors: one printable line, whatever went in. */
#include "base/error.h"
#include "base/random.h"
#include "base/utf8.h"
#include "test.h"
#include <errno.h>
#include <string.h>

TEST(error_fills_and_clears) {
    struct sy_error err;
    memset(&err, 'x', sizeof err);
    assert_false(sy_fail(&err, SY_ERR_FORMAT, "header is %d bytes, needs %d", 3, 8));
    assert_int_equal(err.code, SY_ERR_FORMAT);
    assert_string_equal(err.message, "header is 3 bytes, needs 8");
    assert_string_equal(err.file, "");
    assert_string_equal(err.place, "");
    assert_string_equal(err.remedy, "");
    assert_non_null(strstr(err.source, "error_test.c:"));
}

TEST(error_null_is_allowed) {
    errno = ENOENT;
    assert_false(sy_fail(NULL, SY_ERR_IO, "x"));
    assert_false(sy_fail_errno(NULL, SY_ERR_IO, "x"));
    assert_false(sy_error_in(NULL, "f"));
    assert_false(sy_error_at(NULL, "p"));
    assert_false(sy_error_remedy(NULL, "r"));
}

TEST(error_first_report_of_a_field_wins) {
    struct sy_error err;
    sy_fail(&err, SY_ERR_FORMAT, "m");
    sy_error_at(&err, "line %d", 1);
    sy_error_at(&err, "line %d", 2);
    sy_error_in(&err, "deep.json");
    sy_error_in(&err, "folder");
    sy_error_remedy(&err, "do this");
    sy_error_remedy(&err, "do that");
    char line[2048];
    assert_string_equal(sy_error_line(&err, line, sizeof line), "deep.json: line 1: m; do this");
}

TEST(error_line_leaves_empty_parts_out) {
    struct sy_error err;
    char line[64];
    sy_fail(&err, SY_ERR_USAGE, "unknown option --thread");
    assert_string_equal(sy_error_line(&err, line, sizeof line), "unknown option --thread");
    sy_error_remedy(&err, "did you mean --threads?");
    assert_string_equal(sy_error_line(&err, line, sizeof line),
                        "unknown option --thread; did you mean --threads?");
}

TEST(error_errno_survives_a_long_message) {
    struct sy_error err;
    char name[600];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    errno = ENOENT;
    sy_fail_errno(&err, SY_ERR_IO, "cannot open %s", name);
    assert_non_null(strstr(err.message, "...: No such file or directory"));
}

TEST(error_message_may_quote_itself) {
    struct sy_error err;
    sy_fail(&err, SY_ERR_FORMAT, "inner");
    sy_fail(&err, SY_ERR_FORMAT, "outer: %s", err.message);
    assert_string_equal(err.message, "outer: inner");
}

TEST(clean_text) {
    char out[32];
    sy_clean(out, sizeof out, "a\nb\x1b[31m\x7f\tc");
    assert_string_equal(out, "a?b?[31m??c");
    sy_clean(out, sizeof out, "h\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x9a\x82"); /* stays */
    assert_string_equal(out, "h\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x9a\x82");
    sy_clean(out, sizeof out, "\xff\xc0\xaf\xed\xa0\x80"); /* stray, overlong, surrogate: byte by byte */
    assert_string_equal(out, "??????");
    sy_clean(out, sizeof out,
             "\xe2\x80\xae"
             "abc\xe2\x80\xa8"
             "d\xc2\x85"); /* direction, line separator, NEL */
    assert_string_equal(out, "?abc?d?");
    sy_clean(out, 8, "0123456789");
    assert_string_equal(out, "0123...");
    sy_clean(out, 8, "0123456");
    assert_string_equal(out, "0123456");
    sy_clean(out, 8, "012\xe4\xb8\xad\xe4\xb8\xad"); /* never half a character */
    assert_string_equal(out, "012...");
    sy_clean(out, 1, "x");
    assert_string_equal(out, "");
}

/* Law: whatever the bytes, the result is UTF-8 on one line, fits, and is left alone by a second pass. */
TEST(clean_text_of_random_bytes) {
    struct random random = random_seed(1);
    for (int round = 0; round < 20000; ++round) {
        char in[64], out[64], again[64];
        size_t length = random_below(&random, sizeof in), size = 1 + random_below(&random, sizeof out);
        for (size_t i = 0; i < length; ++i)
            in[i] = (char)(random_u64(&random) % 4 ? 0x80 + random_below(&random, 128)
                                                   : random_below(&random, 256));
        in[length] = 0;
        memset(out, 'x', sizeof out);
        sy_clean(out, size, in);
        assert_true(strlen(out) < size);
        for (const char *at = out; *at;) {
            uint32_t point;
            size_t bytes = utf8_decode(at, SIZE_MAX, &point);
            assert_true(bytes > 0 && point >= 0x20 && point != 0x7f);
            at += bytes;
        }
        sy_clean(again, sizeof again, out);
        assert_string_equal(again, out);
    }
}

TEST(utf8_round_trip) {
    for (uint32_t want = 1; want < 0x110000; want += want < 0x3000 ? 1 : 37) {
        char bytes[5] = "";
        size_t length = want < 0x80 ? 1 : want < 0x800 ? 2 : want < 0x10000 ? 3 : 4;
        uint32_t rest = want, got = 0;
        for (size_t i = length; i-- > 1; rest >>= 6) bytes[i] = (char)(0x80 | (rest & 0x3f));
        bytes[0] = (char)(length == 1 ? rest : (0xf00u >> length & 0xf0) | rest);
        bool surrogate = want >= 0xd800 && want < 0xe000;
        assert_int_equal(utf8_decode(bytes, length, &got), surrogate ? 0 : length);
        if (!surrogate) assert_int_equal(got, want);
        if (length > 1) assert_int_equal(utf8_decode(bytes, length - 1, &got), 0);
    }
}
