#include "commands/ids.h"
#include "test.h"

#include <stdio.h>
#include <string.h>

static struct id_lists lists;
static struct sy_error err;

static bool read_text(const char *text) {
    char path[TEST_PATH_MAX];
    test_temp_path(path, "batch.jsonl");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    memset(&err, 0, sizeof err);
    bool done = id_lists_read(NULL, path, &lists, &err);
    lists.file = NULL; /* it points into this frame */
    return done;
}

TEST(one_list_from_the_command_line) {
    assert_true(id_lists_read("5, 6,7", NULL, &lists, NULL));
    assert_int_equal(lists.count, 1);
    assert_int_equal(lists.lists[0].count, 3);
    assert_int_equal(lists.lists[0].ids[2], 7);
    assert_null(lists.file);
    id_lists_free(&lists);
}

TEST(a_source_is_wanted) {
    assert_false(id_lists_read(NULL, NULL, &lists, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
}

TEST(a_batch_is_a_list_a_line) {
    assert_true(read_text("[1, 2]\n\n[3]\r\n [4,5,6]"));
    assert_int_equal(lists.count, 3);
    assert_int_equal(lists.total, 6);
    assert_int_equal(lists.longest, 3);
    assert_int_equal(lists.lists[2].line, 4);
    assert_int_equal(lists.lists[2].ids[2], 6);
    id_lists_free(&lists);
}

TEST(batch_errors_name_the_line) {
    static const char *const bad[] = { "[1]\n[]\n",      "[1]\n{}\n",    "[1]\n[1,\n",
                                       "[1]\n[1,2.5]\n", "[1]\n[\"a\"]", "[1]\n[[1]]" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_text(bad[i]));
        assert_int_equal(strncmp(err.place, "line 2", 6), 0);
        assert_int_equal(err.code, SY_ERR_FORMAT);
        assert_true(err.file[0]);
    }
    assert_false(read_text("\n \n"));
    assert_string_equal(err.message, "holds no list of ids");
}
