/*
 * tools/check_layers on small trees: what it refuses, and what it lets pass.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static void put(const char *name, const char *text) {
    char path[TEST_PATH_MAX], command[TEST_PATH_MAX + 64];
    test_temp_path(path, name);
    snprintf(command, sizeof command, "mkdir -p \"$(dirname '%s')\"", path);
    assert_int_equal(system(command), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Of the layers low and high, and high/part. high/a.c needs b.c, which needs nothing. */
static void put_tree(void) {
    put("layers.txt", "low:  public\n"
                      "other:\n"
                      "high: low other\n"
                      "high/part: low # but not other\n");
    put("src/low/README.md", "`low.h` is public");
    put("src/low/low.h", "int low(void);\n");
    put("src/low/hidden.h", "#include <switchyard.h>\n");
    put("src/other/README.md", "`other.h` is public");
    put("src/other/other.h", "int other(void);\n");
    put("src/high/a.h", "#include \"low/low.h\"\n"
                        "struct a { int (*b)(int), c; };\n"
                        "int a(struct a *self);\n");
    put("src/high/a.c", "#include \"high/a.h\"\n"
                        "#include \"high/b.h\"\n"
                        "#include \"other/other.h\"\n"
                        "int a(struct a *self) { return b(self); }\n");
    put("src/high/b.h", "struct a;\n"
                        "int b(const struct a *self);\n");
    put("src/high/b.c",
        "#include \"high/a.h\"\n"
        "#include \"high/b.h\"\n"
        "/* a(self) */ int b(const struct a *self) { struct a *x; return self->a + x.a + \"a\"; }\n");
    put("src/high/part/c.c", "#include \"high/b.h\"\n"
                             "#include \"low/low.h\"\n"
                             "int c(void) { return b(0); }\n");
}

/* What the script says of the tree. */
static const char *checked(bool want_pass) {
    static char said[4096];
    char command[2 * TEST_PATH_MAX + 64], script[TEST_PATH_MAX];
    test_source(script, "tools/check_layers");
    if (system("python3 --version >/dev/null 2>&1") != 0) test_skip("no python3 here");
    snprintf(command, sizeof command, "python3 '%s' '%s' 2>&1", script, test_temp_dir());
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    said[fread(said, 1, sizeof said - 1, pipe)] = 0;
    int status = pclose(pipe);
    if (WEXITSTATUS(status) != (want_pass ? 0 : 1)) fail_msg("status %d: %s", WEXITSTATUS(status), said);
    return said;
}

static void refused(const char *want) {
    const char *said = checked(false);
    if (!strstr(said, want)) fail_msg("wanted \"%s\" in: %s", want, said);
}

TEST(a_tree_without_circles_passes) {
    put_tree();
    assert_string_equal(checked(true), "");
}

TEST(includes_go_by_layers_txt) {
    put_tree();
    put("src/low/low.c", "#include \"high/a.h\"\n");
    refused("src/low/low.c:1: low may not include from high");
    put("src/low/low.c", "\n#include <switchyard.h>\n");
    checked(true);
    put("src/high/b.c", "\n#include <switchyard.h>\n");
    refused("src/high/b.c:2: high may not include <switchyard.h>");
    put("src/high/b.c", "#include \"low/hidden.h\"\n");
    refused("src/high/b.c:1: \"low/hidden.h\" is not public");
}

TEST(a_folder_with_a_line_of_its_own_sees_that_alone) {
    put_tree();
    put("src/high/part/c.c", "#include \"other/other.h\"\n");
    refused("src/high/part/c.c:1: high/part may not include from other");
    put("src/high/part/c.c", "#include \"high/a.h\"\n");
    checked(true);
    put("src/high/a.h", "#include \"other/other.h\"\n");
    refused("high/part may not include from other (\"other/other.h\"), as high/a.h does");
    put_tree();
    put("src/high/more/d.h", "");
    put("src/high/part/c.c", "#include \"high/more/d.h\"\n");
    refused("high/part may not include from high/more");
    put("layers.txt", "low: public\nother:\nhigh: low other\nhigh/more: low\nhigh/part: low high/more\n");
    checked(true);
}

TEST(a_circle_in_a_folder_is_refused_unless_listed) {
    put_tree();
    put("src/high/b.c", "#include \"high/b.h\"\n"
                        "#include \"high/a.h\"\n"
                        "int b(const struct a *self) { return a(0); }\n");
    refused("src/high: a circle: a.c b.c\n"
            "    src/high/a.c:4: needs high/b.c for b\n"
            "    src/high/b.c:3: needs high/a.c for a\n");
    put("layers.txt", "low: public\nother:\nhigh: low other\ncircle high: a b : each calls the other\n");
    checked(true);
    put("layers.txt", "low: public\nother:\nhigh: low other\ncircle high: a b :\n");
    refused("layers.txt:4: wanted FOLDER");
    put_tree();
    put("layers.txt", "low: public\nother:\nhigh: low other\ncircle high: a b : each calls the other\n");
    refused("layers.txt:4: high/a is in no circle any more");
}

/* Variants of one operation call each other; a folder below, a table and a header's own code count. */
TEST(what_is_one_knot_and_what_is_a_use) {
    put_tree();
    put("src/high/a_avx2.c", "#include \"high/a.h\"\n"
                             "int a_avx2(void) { return a(0); }\n");
    put("src/high/a.h", "struct a { int c; };\nint a(struct a *self);\nint a_avx2(void);\n");
    put("src/high/a.c", "#include \"high/a.h\"\n"
                        "int a(struct a *self) { return a_avx2(); }\n");
    checked(true);
    put_tree();
    put("src/high/part/c.h",
        "#include \"high/a.h\"\nstruct row { int (*a)(struct a *); };\nextern const struct row c[];\n");
    put("src/high/part/c.c", "#include \"high/a.h\"\n"
                             "#include \"high/part/c.h\"\n"
                             "const struct row c[] = { { .a = a }, { 0 } };\n");
    put("src/high/b.h", "#include \"high/part/c.h\"\n"
                        "struct a;\n"
                        "int b(const struct a *self);\n"
                        "static inline int first(void) { return c[0].a(0); }\n");
    refused("src/high: a circle: a.c b.c b.h part/c.c\n");
}
