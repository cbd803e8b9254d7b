#include "base/os.h"
#include "test.h"
#include "text/pattern/pattern.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define O200K                                                                                                \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+"              \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+"              \
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}|"                               \
    " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CL100K                                                                                               \
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|"   \
    "\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"
#define KIMI                                                                                                 \
    "[\\p{Han}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]*"                   \
    "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}&&[^\\p{Han}]]+|\\p{N}{1,3}|\\s+"
#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

static struct pattern *opened(const char *source, enum pattern_dialect dialect) {
    struct pattern *pattern;
    struct sy_error err;
    char line[1024];
    if (pattern_open(source, (int64_t)strlen(source), dialect, &pattern, &err)) return pattern;
    fail_msg("%s: %s", source, sy_error_line(&err, line, sizeof line));
    return NULL;
}

struct marked {
    const char *text;
    char *out;
    size_t room;
};

static bool mark(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    struct marked *marked = argument;
    (void)err;
    int used = snprintf(marked->out, marked->room, "[%.*s]", (int)(end - begin), marked->text + begin);
    marked->out += used;
    marked->room -= (size_t)used;
    return true;
}

/* All matches, each in brackets. */
static void matches_in(const char *source, enum pattern_dialect dialect, const char *text, const char *want) {
    char got[1024] = "";
    struct marked marked = { text, got, sizeof got };
    struct pattern *pattern = opened(source, dialect);
    struct pattern_scratch *scratch;
    assert_true(pattern_scratch_open(&scratch, NULL));
    assert_true(pattern_walk(pattern, scratch, text, (int64_t)strlen(text), mark, &marked, NULL));
    if (strcmp(got, want) != 0) print_message("%s on '%s'\n", source, text);
    assert_string_equal(got, want);
    pattern_scratch_close(scratch);
    pattern_close(pattern);
}

TEST(patterns_of_known_tokenizers_cut_as_their_authors_do) {
    matches_in(GPT2, PATTERN_ONIGURUMA, "I'll see  2 cats!\n", "[I]['ll][ see][ ][ 2][ cats][!][\n]");
    matches_in(O200K, PATTERN_RUST, "HELLOWorld's  123456/\n x", "[HELLOWorld's][ ][ ][123][456][/\n][ x]");
    matches_in(O200K, PATTERN_RUST,
               "It\xe2\x80\x99"
               "S it'\xc5\xbf \xe4\xb8\xad\xcc\x81"
               "A",
               "[It][\xe2\x80\x99"
               "S][ it'\xc5\xbf][ \xe4\xb8\xad\xcc\x81][A]");
    matches_in(CL100K, PATTERN_RUST, "a\n\n b  ", "[a][\n\n][ b][  ]");
    matches_in(KIMI, PATTERN_RUST,
               "\xe4\xb8\xad\xe6\x96\x87"
               "abc\xe3\x81\x82\xe4\xb8\xad",
               "[\xe4\xb8\xad\xe6\x96\x87][abc\xe3\x81\x82][\xe4\xb8\xad]");
}

TEST(white_space_is_unicode_s) {
    /* U+0085, U+00A0, U+1680, U+3000 are; U+001C, U+180E, U+200B are not */
    matches_in("\\s+", PATTERN_RUST,
               "a\xc2\x85\xc2\xa0"
               "b\xe1\x9a\x80\xe3\x80\x80",
               "[\xc2\x85\xc2\xa0][\xe1\x9a\x80\xe3\x80\x80]");
    matches_in("\\S+", PATTERN_ONIGURUMA, "\x1c\xe1\xa0\x8e\xe2\x80\x8b \x0b",
               "[\x1c\xe1\xa0\x8e\xe2\x80\x8b]");
    matches_in("[^\\S\\n]+", PATTERN_PYTHON, "a \xc2\x85\n ", "[ \xc2\x85][ ]");
}

TEST(classes_intersect_and_nest) {
    matches_in("[a-f&&[^bd]]+", PATTERN_RUST, "abcdef", "[a][c][ef]");
    matches_in("[\\w&&[^\\d_]]+", PATTERN_RUST, "ab1_c", "[ab][c]");
    matches_in("[^\\W\\d_]+", PATTERN_PYTHON, "ab1_c\xc3\xa9", "[ab][c\xc3\xa9]");
    matches_in("[^[a-c]x&&[^z]]+", PATTERN_RUST, "abxyz", "[yz]"); /* not ((a-c or x) and not z) */
    matches_in("[\\S&&[^\\p{Han}]]+", PATTERN_RUST, "a\xe4\xb8\xad b", "[a][b]");
    matches_in("[a&&b]", PATTERN_ONIGURUMA, "ab&", "");
    matches_in("[a[bc]]+", PATTERN_ONIGURUMA, "abc[", "[abc]");
    matches_in("[a[b]+", PATTERN_PYTHON, "ab[c", "[ab[]");
    matches_in("[]a]+", PATTERN_ONIGURUMA, "a]b", "[a]]");
    matches_in("[a\\-z-]+", PATTERN_RUST, "a-zb", "[a-z]");
}

TEST(scripts_are_scripts) {
    /* U+3001 is used with Han (a script extension), and is of no script */
    matches_in("\\p{Han}+", PATTERN_RUST, "\xe4\xb8\xad\xe3\x80\x81", "[\xe4\xb8\xad]");
    matches_in("\\p{Script=Greek}|\\p{sc=Han}|\\p{gc=Lu}|\\pN", PATTERN_RUST,
               "\xce\xb1\xe4\xb8\xad"
               "Ab1",
               "[\xce\xb1][\xe4\xb8\xad][A][1]");
    matches_in("\\p{^L}\\P{^N}", PATTERN_ONIGURUMA, "a!1b", "[!1]");
}

TEST(words_differ_between_engines) {
    matches_in("\\w+", PATTERN_RUST,
               "a\xc2\xb2_\xe2\x80\x8c"
               "b\xe2\x93\x90",
               "[a][_\xe2\x80\x8c"
               "b\xe2\x93\x90]");
    matches_in("\\w+", PATTERN_ONIGURUMA,
               "a\xc2\xb2_\xe2\x80\x8c"
               "b",
               "[a\xc2\xb2_][b]");
    matches_in("[\\w]+|[^\\w]+", PATTERN_ONIGURUMA, "a\xc2\xb2_", "[a][\xc2\xb2][_]"); /* in a class, not */
    matches_in("\\b\\w", PATTERN_RUST,
               "ab c\xcc\x81"
               "d",
               "[a][c]");
    matches_in("a\\B.", PATTERN_PYTHON, "a ab", "[ab]");
}

TEST(anchors_differ_between_engines) {
    matches_in("^a|b$", PATTERN_ONIGURUMA, "ab\nab", "[a][b][a][b]");
    matches_in("^a|b$", PATTERN_RUST, "ab\nab\n", "[a]");
    matches_in("^a|b$", PATTERN_PYTHON, "ab\nab\n", "[a][b]");
    matches_in("\\Aa|b\\z", PATTERN_RUST, "aab", "[a][b]");
    matches_in("b\\Z", PATTERN_ONIGURUMA, "b\nb\n", "[b]");
    matches_in("b\\Z", PATTERN_PYTHON, "b\nb\n", "");
}

TEST(case_is_folded_simply) {
    matches_in("(?i:k|s)", PATTERN_RUST, "kKsS\xe2\x84\xaa\xc5\xbf", "[k][K][s][S][\xe2\x84\xaa][\xc5\xbf]");
    matches_in("(?i:i)", PATTERN_RUST, "iI\xc4\xb0", "[i][I]");
    matches_in("(?i:i)", PATTERN_PYTHON, "iI\xc4\xb0", "[i][I][\xc4\xb0]");
    matches_in("(?i:[^a-c])+", PATTERN_RUST, "aBCDd", "[Dd]");
    matches_in("(?i)a|b", PATTERN_ONIGURUMA, "AB", "[A][B]");
    matches_in("(?i:a(?-i:b))c", PATTERN_RUST, "Abc ABc AbC", "[Abc]");
}

TEST(repeats_are_read_as_their_engine_does) {
    matches_in("a{,2}b", PATTERN_PYTHON, "aaab", "[aab]");
    matches_in("a{2}", PATTERN_RUST, "aaaaa", "[aa][aa]");
    matches_in("a{2,}?b?", PATTERN_RUST, "aaaab", "[aa][aab]");
    matches_in("a{x", PATTERN_ONIGURUMA, "a{x", "[a{x]");
    matches_in("a*+a|b", PATTERN_RUST, "aab", "[b]");
    matches_in("(?:ab|a)*c", PATTERN_RUST, "ababac abc", "[ababac][abc]");
    matches_in("(?>a+)b|(?<=x)y|(?<!x)z|(?#remark)q", PATTERN_RUST, "aabxyxzzq", "[aab][y][z][q]");
    matches_in("(?<name>a)(?P<other>b)(c)", PATTERN_RUST, "abc", "[abc]");
    matches_in("\\x41\\x{42}\\u0043\\t\\.\\-\\/", PATTERN_ONIGURUMA, "ABC\t.-/", "[ABC\t.-/]");
    matches_in(".", PATTERN_RUST, "a\n\r", "[a][\r]");
}

TEST(a_text_without_anything_special_is_found_as_it_stands) {
    struct pattern *pattern;
    struct pattern_scratch *scratch;
    int64_t begin, end;
    assert_true(pattern_open_literal("a.\\E(\xe4\xb8\xad", 8, &pattern, NULL));
    assert_true(pattern_scratch_open(&scratch, NULL));
    assert_true(pattern_next(pattern, scratch, "xa.\\E(\xe4\xb8\xad", 9, 0, &begin, &end, NULL));
    assert_int_equal(begin, 1);
    assert_int_equal(end, 9);
    assert_true(pattern_next(pattern, scratch, "xa.\\E(\xe4\xb8\xad", 9, 2, &begin, &end, NULL));
    assert_int_equal(begin, -1);
    pattern_scratch_close(scratch);
    pattern_close(pattern);
}

TEST(what_is_not_known_is_refused_by_name_and_place) {
    static const struct {
        const char *source;
        enum pattern_dialect dialect;
        const char *place, *message;
    } refusals[] = {
        { "(a)\\1", PATTERN_ONIGURUMA, "4", "'\\1' is a back reference" },
        { "a**", PATTERN_RUST, "2", "'**' is a repeat of a repeat" },
        { "\xc3\xa9"
          "a{1,2}+",
          PATTERN_ONIGURUMA, "3", "'{1,2}+' is a repeat of a repeat" },
        { "a{2}?", PATTERN_ONIGURUMA, "2", "'{2}?' has another meaning" },
        { "a{2,1}", PATTERN_RUST, "2", "n > m" },
        { "a{1001}", PATTERN_RUST, "2", "more than 1000" },
        { "a{", PATTERN_RUST, "2", "'{' is no repeat" },
        { "(?=a)*", PATTERN_RUST, "6", "'*' repeats what takes no character" },
        { "*", PATTERN_RUST, "1", "'*' repeats nothing" },
        { "b\\R", PATTERN_ONIGURUMA, "2", "'\\R' is an escape" },
        { "\\Ga", PATTERN_ONIGURUMA, "1", "'\\G' is an escape" },
        { "[\\b]", PATTERN_PYTHON, "2", "'\\b' is an escape" },
        { "\\p{Foo}", PATTERN_RUST, "1", "'\\p{Foo}' is a property" },
        { "\\pL", PATTERN_ONIGURUMA, "1", "without {}" },
        { "[a--b]", PATTERN_RUST, "3", "'--' is an operator" },
        { "[a~~b]", PATTERN_RUST, "3", "'~~' is an operator" },
        { "[[:alpha:]]", PATTERN_RUST, "2", "is a class by name" },
        { "[b-a]", PATTERN_RUST, "2", "'b-a' is a range backwards" },
        { "[a-\\d]", PATTERN_RUST, "2", "does not end in a character" },
        { "[a", PATTERN_RUST, "3", "has no end" },
        { "a(b", PATTERN_RUST, "2", "has no end" },
        { "a)b", PATTERN_RUST, "2", "closes no group" },
        { "a\\", PATTERN_RUST, "2", "stands at the end" },
        { "\\x{d800}", PATTERN_RUST, "1", "is no character" },
        { "\\x{110000}", PATTERN_RUST, "1", "is no character" },
        { "\\xg", PATTERN_RUST, "1", "lacks hexadecimal digits" },
        { "(?x: a)", PATTERN_RUST, "1", "'(?x' is a group" },
        { "(?(1)a)", PATTERN_RUST, "1", "'(?(' is a group" },
        { "(*ACCEPT)", PATTERN_RUST, "1", "is a verb" },
        { "a(?i)b", PATTERN_ONIGURUMA, "2", "stands behind other things" },
        { "(?i:\xc3\xa9)", PATTERN_RUST, "5", "U+00E9" },
        { "(?i:[\\p{Lu}])", PATTERN_RUST, "5", "property of letters" },
        { "(?i:\\p{Lu})", PATTERN_RUST, "5", "property of letters" },
        { "(?i:ss)", PATTERN_ONIGURUMA, "6", "behind such a letter" },
        { "a\xff", PATTERN_RUST, "2", "not UTF-8" },
    };
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct pattern *pattern;
        struct sy_error err = { .code = SY_OK };
        char place[64];
        const char *source = refusals[i].source;
        snprintf(place, sizeof place, "pattern, character %s", refusals[i].place);
        print_message("%s\n", source);
        assert_false(pattern_open(source, (int64_t)strlen(source), refusals[i].dialect, &pattern, &err));
        assert_null(pattern);
        assert_string_equal(err.place, place);
        assert_non_null(strstr(err.message, refusals[i].message));
        assert_true(err.remedy[0] && err.code == SY_ERR_FORMAT);
    }
}

TEST(depth_and_size_of_patterns_are_bounded) {
    static char source[1 << 16];
    struct pattern *pattern;
    struct sy_error err;
    for (const char *open = "(["; *open; open++) {
        memset(source, *open, 1000);
        assert_false(pattern_open(source, 1000, PATTERN_RUST, &pattern, &err));
        assert_string_equal(err.place, "pattern, character 33");
        assert_non_null(strstr(err.message, "nest too deep"));
    }
    memset(source, 'a', sizeof source);
    assert_false(pattern_open(source, sizeof source, PATTERN_RUST, &pattern, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    const char *large = "(?:(?:(?:a{1000}){1000}){1000}){1000}"; /* PCRE2 itself refuses it */
    assert_false(pattern_open(large, (int64_t)strlen(large), PATTERN_RUST, &pattern, &err));
    assert_string_equal(err.place, "pattern");
    assert_true(err.message[0] && err.remedy[0]);
}

static bool count(void *argument, int64_t begin, int64_t end, struct sy_error *err) {
    (void)begin, (void)end, (void)err;
    ++*(int64_t *)argument;
    return true;
}

/* Seconds for all matches of `text`, and how many; -1 where it was refused as too much work. */
static double seconds_of(const char *source, enum pattern_dialect dialect, const char *text, int64_t size,
                         int64_t *matches) {
    struct pattern *pattern = opened(source, dialect);
    struct pattern_scratch *scratch;
    struct sy_error err = { .code = SY_OK };
    assert_true(pattern_scratch_open(&scratch, NULL));
    double begin = os_seconds();
    *matches = 0;
    bool ok = pattern_walk(pattern, scratch, text, size, count, matches, &err);
    if (!ok) assert_int_equal(err.code, SY_ERR_LIMIT);
    double seconds = os_seconds() - begin;
    pattern_scratch_close(scratch);
    pattern_close(pattern);
    return ok ? seconds : -1;
}

TEST(long_runs_take_time_in_proportion) {
    enum { SIZE = 1 << 19 };
    static const char *const known[] = { GPT2, O200K, CL100K, KIMI, "\\s+$", "\\s?\\p{L}+", "\\p{N}{1,3}" };
    static const char *const runs[] = {
        "a",
        "A",
        " ",
        "\n",
        " \n",
        "1",
        "!",
        "\xe4\xb8\xad",
        "\xcc\x81",
        "a ",
        ("\xe4\xb8\xad"
         "A"),
        "'",
        "\r",
    };
    char *text = malloc(SIZE + 2);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        for (size_t k = 0; k < sizeof runs / sizeof *runs; k++) {
            size_t length = strlen(runs[k]), size = SIZE / length * length;
            int64_t matches;
            for (size_t at = 0; at < size; at++) text[at] = runs[k][at % length];
            text[size++] = 'x'; /* so that what ends the run fails */
            print_message("%s, run of '%s'\n", known[i], runs[k]);
            double seconds = seconds_of(known[i], PATTERN_RUST, text, (int64_t)size, &matches);
            assert_true(seconds >= 0 && seconds < 5); /* a square of it would take minutes */
        }
    }
    free(text);
}

TEST(wicked_patterns_are_bounded) {
    enum { SIZE = 1 << 17 };
    static const char *const wicked[] = {
        "(?:a+)+b",   "(?:a|a)*b",     "(?:a*)*b",         "a+b|a",         "(?:a?a?a?a?a?){30}b",
        "a*a*a*a*b",  ".*x",           "(?=a*b)a",         "(?:a|aa)+$",    "(?=(?:aaa)+(?!a))a",
        "a*?a*?a*?b", "(?:(?:a+)+)+b", "(?:a{1,9}){1,9}{", "(?<!b)a+(?=b)", "(?:a(?=a*b)|a)",
    };
    char *text = malloc(SIZE);
    memset(text, 'a', SIZE);
    for (size_t i = 0; i < sizeof wicked / sizeof *wicked; i++) {
        int64_t matches;
        print_message("%s\n", wicked[i]);
        double begin = os_seconds();
        seconds_of(wicked[i], PATTERN_ONIGURUMA, text, SIZE, &matches);
        assert_true(os_seconds() - begin < 10);
    }
    free(text);
}

TEST(steps_are_counted_over_a_text_not_a_match) {
    enum { SIZE = 20000 };
    struct pattern *pattern = opened("a+b|a", PATTERN_RUST);
    struct pattern_scratch *scratch;
    struct sy_error err;
    char *text = malloc(SIZE);
    int64_t at = 0, begin, end;
    memset(text, 'a', SIZE);
    assert_true(pattern_scratch_open(&scratch, NULL));
    while (pattern_next(pattern, scratch, text, SIZE, at, &begin, &end, &err)) at = end;
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_non_null(strstr(err.message, "too many ways"));
    assert_true(at > 50 && at < SIZE); /* some matches came, each as long as the text to find */
    assert_true(
        pattern_next(pattern, scratch, "aab", 3, 0, &begin, &end, &err)); /* a new text, a new count */
    assert_int_equal(end, 3);
    free(text);
    pattern_scratch_close(scratch);
    pattern_close(pattern);
}
