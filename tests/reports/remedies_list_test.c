/*
 * remedies.txt against the sources: every remedy that the program can print stands there, with the test that
 * follows it or the reason why none does, and nothing stands there that no source has.
 *
 * A remedy is a text of two words or more among the arguments of sy_error_remedy, in REMEDY(..), in a #define
 * of a name with REMEDY in it, or in a function whose name ends in remedy or remedy_of and takes a number.
 */
#include "test.h"

#include <ctype.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 600, TEXT_MAX = 400 };

struct line {
    char kind[96], text[TEXT_MAX];
    bool used, accounted;
};
static struct line lines[LINES_MAX];
static int line_count;
static char missing[1 << 16];

static char *read_all(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s", path);
    char *text = malloc(1 << 20);
    size_t size = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    text[size] = 0;
    return text;
}

static void read_list(void) {
    char path[TEST_PATH_MAX];
    test_source(path, "tests/reports/remedies.txt");
    char *text = read_all(path);
    for (char *at = text, *next; *at; at = next) {
        size_t length = strcspn(at, "\n");
        next = at + length + (at[length] != 0);
        at[length] = 0;
        char *colon = strstr(at, ": ");
        if (at[0] == '#' || !colon) continue;
        assert_true(line_count < LINES_MAX);
        struct line *line = &lines[line_count++];
        snprintf(line->kind, sizeof line->kind, "%.*s", (int)(colon - at), at);
        snprintf(line->text, sizeof line->text, "%s", colon + 2);
    }
    free(text);
}

static void amiss(const char *where, const char *text) {
    size_t used = strlen(missing);
    snprintf(missing + used, sizeof missing - used, "\n%s: %s", where, text);
}

/* ---- the sources ---- */

static void found(const char *text, const char *path) {
    bool known = false;
    if (!strchr(text, ' ')) return;
    for (int i = 0; i < line_count; i++)
        if (strcmp(lines[i].text, text) == 0) lines[i].used = known = true;
    if (!known) amiss(strrchr(path, '/') + 1, text);
}

/* A literal's text into `out`, behind what is there; returns the byte behind it. */
static const char *literal(const char *at, char out[TEXT_MAX]) {
    size_t used = strlen(out);
    for (at++; *at && *at != '"'; at++) {
        if (*at == '\\') at++;
        if (used + 1 < TEXT_MAX) out[used++] = *at;
    }
    out[used] = 0;
    return *at ? at + 1 : at;
}

/* All texts between here and the parenthesis, or brace, that closes; literals side by side are one. */
static void texts_within(const char *at, const char *path) {
    char text[TEXT_MAX] = "";
    for (int depth = 1; *at && depth > 0;) {
        if (*at == '"') {
            at = literal(at, text);
            continue;
        }
        if (!isspace((unsigned char)*at) && text[0]) {
            found(text, path);
            text[0] = 0;
        }
        depth += (*at == '(' || *at == '{') - (*at == ')' || *at == '}');
        at++;
    }
}

static void read_source(const char *path) {
    char *text = read_all(path);
    for (const char *at = text; (at = strstr(at, "sy_error_remedy(")) != NULL;)
        texts_within(at += strlen("sy_error_remedy("), path);
    for (const char *at = text; (at = strstr(at, "REMEDY(")) != NULL; at += 7)
        if (at - text < 8 || strncmp(at - 8, "#define ", 8) != 0) texts_within(at + 7, path);
    for (const char *at = text; (at = strstr(at, "#define ")) != NULL; at += 8) {
        char name[64] = "", word[TEXT_MAX] = "";
        size_t length = strcspn(at + 8, " (\n");
        snprintf(name, sizeof name, "%.*s", (int)length, at + 8);
        const char *value = at + 8 + length + strspn(at + 8 + length, " ");
        if (!strstr(name, "REMEDY") || *value != '"') continue;
        literal(value, word);
        found(word, path);
    }
    static const char *const functions[] = { "remedy_of(int", "remedy(int" };
    for (int i = 0; i < 2; i++) {
        const char *of = strstr(text, functions[i]);
        if (of && of[strcspn(of, "{;")] == '{') texts_within(strchr(of, '{') + 1, path);
    }
    free(text);
}

/* Texts of the library with an option of the program's, but in a command line between backticks. */
static void find_options(const char *path) {
    char *text = read_all(path);
    for (const char *at = text; *at;) {
        char word[TEXT_MAX] = "";
        if (at[0] == '/' && at[1] == '*' && strstr(at + 2, "*/"))
            at = strstr(at + 2, "*/") + 2;
        else if (at[0] == '\'' && at[1] == '"')
            at += 3;
        else if (at[0] != '"')
            at++;
        else {
            at = literal(at, word);
            const char *dashes = strstr(word, "--");
            bool command = strchr(word, '`') || strstr(word, "hf download") || strstr(word, "--local-dir");
            if (dashes && islower((unsigned char)dashes[2]) && !command) amiss(strrchr(path, '/') + 1, word);
        }
    }
    free(text);
}

/* All literals of a source, each on a line; those side by side are one. */
static char *literals_of(const char *text) {
    char *all = calloc(1, strlen(text) + 2), *out = all;
    for (const char *at = text; *at;) {
        char word[TEXT_MAX] = "";
        if (at[0] == '\'' && at[1] == '"')
            at += 3;
        else if (*at != '"')
            at++;
        else {
            do at = literal(at, word);
            while (at += strspn(at, " \n"), *at == '"');
            out = stpcpy(stpcpy(out, word), "\n");
        }
    }
    return all;
}

/* What stands longest in a remedy without a %: as it is, or as the program says it. */
static bool names(const char *literals, const char *remedy) {
    static const char *const own[][2] = { { "sy_options.context", "--ctx" },
                                          { "sy_options.memory_bytes", "--memory" },
                                          { "SY_PRECISION_FAST", "--fast" },
                                          { "SY_IGNORE_UNKNOWN", "--ignore-unknown" } };
    char longest[TEXT_MAX] = "", said[TEXT_MAX];
    for (const char *at = remedy; *at;) {
        size_t length = strcspn(at, "%");
        if (length > strlen(longest)) snprintf(longest, sizeof longest, "%.*s", (int)length, at);
        at += length;
        if (*at) at += 1 + strcspn(at + 1, "sdfgip") + 1;
    }
    if (strstr(literals, longest)) return true;
    for (int i = 0; i < 4; i++) {
        const char *theirs = strstr(longest, own[i][0]);
        if (!theirs) continue;
        snprintf(said, sizeof said, "%.*s%s%s", (int)(theirs - longest), longest, own[i][1],
                 theirs + strlen(own[i][0]));
        if (strstr(literals, said)) return true;
    }
    return false;
}

static void read_tests(const char *path) {
    char *text = read_all(path), *literals = literals_of(text), name[128];
    for (const char *at = text; (at = strstr(at, "\nTEST(")) != NULL; at++) {
        snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 6, ")"), at + 6);
        for (int i = 0; i < line_count; i++) {
            if (strcmp(lines[i].kind, name) != 0) continue;
            lines[i].accounted = true;
            if (!names(literals, lines[i].text)) amiss("its test does not name it", lines[i].text);
        }
    }
    free(literals);
    free(text);
}

static bool ends_with(const char *path, const char *ending) {
    size_t length = strlen(path), size = strlen(ending);
    return length >= size && strcmp(path + length - size, ending) == 0;
}

static int visit(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)walk;
    if (type != FTW_F && type != FTW_SL) return 0;
    if (ends_with(path, "_test.c"))
        read_tests(path);
    else if (ends_with(path, ".c") || (ends_with(path, ".h") && !ends_with(path, "base/error.h")))
        if (strstr(path, "/src/") && !ends_with(path, "base/error.c")) read_source(path);
    return 0;
}

static bool is_reason(const char *kind) {
    static const char *const kinds[] = { "fetch", "model", "caller", "machine" };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i], kind) == 0) return true;
    return false;
}

/* Remedies were written where an error arose, and nobody had tried them. */
TEST(every_remedy_is_accounted_for) {
    char path[TEST_PATH_MAX];
    read_list();
    assert_true(line_count > 100);
    test_source(path, "src");
    assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
    test_source(path, "tests");
    assert_int_equal(nftw(path, visit, 16, FTW_PHYS), 0);
    for (int i = 0; i < line_count; i++) {
        if (!lines[i].used) amiss("no source says", lines[i].text);
        if (!lines[i].accounted && !is_reason(lines[i].kind)) amiss("no test, nor a reason", lines[i].kind);
        for (int j = 0; j < i; j++)
            if (strcmp(lines[i].text, lines[j].text) == 0) amiss("twice", lines[i].text);
    }
    if (!missing[0]) return;
    fprintf(stderr, "not so in tests/reports/remedies.txt:%s\n", missing); /* longer than fail_msg prints */
    fail();
}

static int visit_library(const char *path, const struct stat *status, int type, struct FTW *walk) {
    static const char *const others[] = { "/commands/", "/plan/",       "/eval/",
                                          "/report/",   "base/options", "kernel_check.c" };
    (void)status, (void)walk;
    if ((type != FTW_F && type != FTW_SL) || !ends_with(path, ".c") || ends_with(path, "_test.c")) return 0;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strstr(path, others[i])) return 0;
    find_options(path);
    return 0;
}

/* Somebody called the library, and was told to give --ctx. */
TEST(the_library_names_no_option_of_the_program) {
    char path[TEST_PATH_MAX];
    test_source(path, "src");
    assert_int_equal(nftw(path, visit_library, 16, FTW_PHYS), 0);
    if (missing[0]) fail_msg("say it as switchyard.h does; commands/console.c translates:%s", missing);
}
