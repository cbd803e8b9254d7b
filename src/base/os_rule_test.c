/* What may be written over, and what may not: before the work and at its end. */
#include "base/lay_test.h"
#include "base/os.h"
#include "test.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(const unsigned char *head, int64_t size) {
    return size >= 4 && memcmp(head, "ours", 4) == 0;
}

static const struct os_kind kind = { "file of this test", is_ours };
static const struct os_rule strict = { .ask = "add --force" },
                            kindly = { .kind = &kind, .ask = "add --force" }, forced = { .force = true };

static bool writes(const char *path, const struct os_rule *rule, struct sy_error *err) {
    struct os_writer *writer;
    bool may = os_may_write(path, rule, NULL);
    if (!os_writer_open_by(rule, path, &writer, err)) {
        assert_false(may);
        return false;
    }
    assert_true(may);
    assert_true(os_writer_write(writer, "ours, new", 9, err));
    return os_writer_commit(writer, err);
}

static void holds(const char *path, const char *content) {
    char *text;
    int64_t size;
    assert_true(os_read_file(path, 1000, &text, &size, NULL));
    assert_string_equal(text, content);
    free(text);
}

TEST(a_file_of_another_kind_is_never_written_over_unasked) {
    static const struct {
        const char *content, *look;
    } files[] = { { "mine, and dear to me\n", "text, 21 bytes" },
                  { "GGUF\3", "a GGUF model, 5 bytes" },
                  { "\x89PNG\r\n\x1a\n", "a PNG picture, 8 bytes" },
                  { "\1\2\3", "data, 3 bytes" } };
    char path[TEST_PATH_MAX];
    struct sy_error err;
    test_temp_path(path, "f");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        lay("/f", files[i].content);
        assert_false(writes(path, &strict, &err));
        assert_int_equal(err.code, SY_ERR_INPUT);
        assert_non_null(strstr(err.message, files[i].look));
        assert_string_equal(err.remedy, "name another, or add --force to replace it");
        assert_false(writes(path, &kindly, &err));
        assert_non_null(strstr(err.message, ", not a file of this test"));
        holds(path, files[i].content);
        assert_true(writes(path, &forced, &err));
        holds(path, "ours, new");
    }
}

TEST(what_is_ours_or_empty_or_not_there_is_written) {
    char path[TEST_PATH_MAX], link_path[TEST_PATH_MAX];
    struct sy_error err;
    test_temp_path(path, "f");
    test_temp_path(link_path, "link");
    assert_true(writes(path, &strict, &err));
    lay("/f", "ours, old");
    assert_false(writes(path, &strict, &err));
    assert_true(writes(path, &kindly, &err));
    holds(path, "ours, new");
    lay("/f", "");
    assert_true(writes(path, &strict, &err));
    assert_true(writes("/dev/null", &strict, &err));
    assert_int_equal(symlink("nowhere", link_path), 0); /* a link that leads nowhere is no file */
    assert_true(writes(link_path, &strict, &err));
    holds(link_path, "ours, new");
    assert_int_equal(unlink(link_path), 0);
    lay("/f", "mine");
    assert_int_equal(symlink(path, link_path), 0); /* judged by what it leads to */
    assert_false(writes(link_path, &kindly, &err));
    lay("/f", "ours");
    assert_true(writes(link_path, &kindly, &err));
    holds(path, "ours, new");
}

/* Somebody puts a file there while we write: it is judged as if it had been there before. */
TEST(what_appears_meanwhile_is_not_written_over) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    struct sy_error err;
    test_temp_path(path, "f");
    for (int round = 0; round < 3; round++) {
        unlink(path);
        assert_true(os_writer_open_by(round == 2 ? &forced : &kindly, path, &writer, &err));
        assert_true(os_writer_write(writer, "ours, new", 9, &err));
        lay("/f", round == 1 ? "ours, old" : "mine");
        assert_true(os_writer_commit(writer, &err) == (round > 0));
        holds(path, round ? "ours, new" : "mine");
    }
}

TEST(an_input_is_never_written_over) {
    char path[TEST_PATH_MAX], other[TEST_PATH_MAX];
    struct os_map map;
    struct sy_error err;
    test_temp_path(path, "f");
    test_temp_path(other, "same");
    lay("/f", "ours, read");
    assert_int_equal(link(path, other), 0);
    assert_true(os_map_open(path, &map, &err));
    assert_false(writes(path, &forced, &err));
    assert_string_equal(err.message, "is an input of this run");
    assert_false(writes(other, &kindly, &err)); /* by any name */
    os_map_close(&map);
    assert_true(writes(path, &forced, &err));
}

/* Before hours of work, not behind them. */
TEST(where_nothing_can_be_written_is_said_at_once) {
    char path[TEST_PATH_MAX], name[TEST_PATH_MAX] = "", folder[TEST_PATH_MAX];
    struct sy_error err;
    lay("/f", "x");
    test_temp_path(path, "f/g");
    assert_false(writes(path, &strict, &err));
    assert_non_null(strstr(err.message, "Not a directory"));
    test_temp_path(path, "nowhere/g");
    assert_false(writes(path, &strict, &err));
    assert_string_equal(err.remedy, "make the folder first");
    assert_false(writes(test_temp_dir(), &forced, &err));
    assert_non_null(strstr(err.message, "is a folder"));
    memset(name, 'n', 256);
    test_temp_path(path, name);
    assert_false(writes(path, &strict, &err));
    assert_string_equal(err.remedy, "give it a shorter name");
    name[255] = 0;
    test_temp_path(path, name);
    assert_true(writes(path, &strict, &err));
    if (geteuid() == 0) return; /* who may write anywhere */
    lay("/locked/x", "x");
    test_temp_path(folder, "locked");
    test_temp_path(path, "locked/y");
    assert_int_equal(chmod(folder, 0555), 0);
    assert_false(writes(path, &strict, &err));
    assert_string_equal(err.remedy, "write to a folder that you may change");
    assert_int_equal(chmod(folder, 0755), 0);
}
