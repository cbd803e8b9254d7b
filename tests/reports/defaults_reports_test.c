/*
 * Somebody's own defaults: config.yaml.
 */
#include "test.h"
#include "text_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void write_defaults(const char *text) {
    char path[TEST_PATH_MAX];
    setenv("XDG_CONFIG_HOME", test_temp_dir(), 1);
    test_temp_path(path, "switchyard");
    mkdir(path, 0700);
    test_temp_path(path, "switchyard/config.yaml");
    FILE *file = fopen(path, "w");
    assert_true(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

/* The same options had to be typed each time. */
TEST(defaults_hold_where_the_command_line_is_silent) {
    const char *model = text_model();
    struct test_output plain = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos", "--verbose");
    write_defaults("# mine\nthreads: 1\nmemory: 900M\nsampling: {temp: 2, top_k: 40, seed: 7}\n");
    struct test_output mine = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos", "--verbose"),
                       same = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos", "-t", "1",
                                       "--temp", "2", "--top-k", "40", "--seed", "7", "--no-defaults"),
                       none = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos", "--no-defaults"),
                       over = test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos", "--temp", "0");
    assert_int_equal(mine.status, 0);
    assert_non_null(strstr(mine.err, "config.yaml: --threads=1 --memory=900M --temp=2 --top-k=40 --seed=7"));
    assert_non_null(strstr(mine.err, "1 thread"));
    assert_string_equal(mine.out, same.out);
    assert_string_not_equal(mine.out, plain.out);
    assert_string_equal(none.out, plain.out);
    assert_string_equal(over.out, plain.out); /* the command line goes first */
    setenv("SWITCHYARD_NO_DEFAULTS", "1", 1);
    assert_string_equal(test_run("run", model, "-p", "Ab", "-n", "30", "--ignore-eos").out, plain.out);
    unsetenv("SWITCHYARD_NO_DEFAULTS");
    write_defaults("memory: 1M\n"); /* and it is the option, with its refusal */
    assert_int_equal(test_run("run", model, "-p", "Ab").status, 1);
}

TEST(the_folder_of_models_may_be_a_default) {
    char home[TEST_PATH_MAX], path[TEST_PATH_MAX];
    test_temp_path(home, "mine");
    assert_int_equal(mkdir(home, 0700), 0);
    test_temp_path(path, "mine/letters");
    assert_int_equal(symlink(text_model(), path), 0);
    unsetenv("SWITCHYARD_MODELS");
    setenv("HOME", test_temp_dir(), 1);
    write_defaults("models: ~/mine\n");
    assert_int_equal(test_run("show", "letters").status, 0);
    assert_non_null(strstr(test_run("models", "--names").out, "letters\n"));
    setenv("SWITCHYARD_MODELS", "/nowhere", 1); /* the environment goes first */
    assert_null(strstr(test_run("models", "--names").out, "letters\n"));
}

/* A misspelt key in a file of settings was passed over in silence. */
TEST(what_is_wrong_in_the_defaults_is_named_with_its_place) {
    static const struct {
        const char *text, *said;
    } cases[] = {
        { "threads: 1\nthread: 2\n", "line 2, column 1: 'thread' is no default that there is (threads?)" },
        { "sampling:\n  temp: 1\n  topk: 4\n", "line 3, column 3: 'topk' is no default" },
        { "threads: many\n", "line 1, column 10: --threads takes a whole number" },
        { "sampling: 3\n", "line 1, column 11: a map such as" },
        { "memory: [1, 2]\n", "line 1, column 9: a plain value is wanted" },
        { "threads: 1\nthreads: 2\n", "line 2, column 10: 'threads' stands there twice" },
        { "- threads\n", "line 1, column 1: a map of defaults is wanted" },
        { "threads: 'x\n", "is no YAML" },
        { "threads: 1\n---\nthreads: 2\n", "one document" },
    };
    const char *model = text_model();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        write_defaults(cases[i].text);
        struct test_output got = test_run("run", model, "-p", "Ab", "-n", "1");
        if (got.status != 1 || !strstr(got.err, cases[i].said) || !strstr(got.err, "config.yaml"))
            fail_msg("status %d for %s: %s", got.status, cases[i].text, got.err);
        assert_ptr_equal(strchr(got.err, '\n') + 1, got.err + got.err_bytes);
        const char *known = strstr(cases[i].said, "no default") ? "; known are " : NULL;
        if (!strstr(got.err, known ? known : "; --no-defaults runs without this file"))
            fail_msg("%s", got.err);
        assert_int_equal(test_run("run", model, "-p", "Ab", "-n", "1", "--no-defaults").status, 0);
        assert_int_equal(test_run("help", "run").status, 0); /* never in the way of help */
        assert_int_equal(test_run("run", "--help").status, 0);
    }
    write_defaults("threads: 1\nsampling: {temp: 1, top-k: 4}\n"); /* which are known */
    assert_int_equal(test_run("run", model, "-p", "Ab", "-n", "1").status, 0);
    write_defaults("# nothing yet\n");
    assert_int_equal(test_run("run", model, "-p", "Ab", "-n", "1").status, 0);
    write_defaults("");
    assert_int_equal(test_run("run", model, "-p", "Ab", "-n", "1").status, 0);
}
