/*
 * A checkpoint that shrinks while it is in use, through the public ways: the program says one line that names
 * the file and exits 1, whatever it is at, with several threads too. The library installs no handler: a host
 * that does as the program does gets the same.
 */
#include "base/os.h"
#include "test.h"
#include "text_model.h"
#include <switchyard.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct caught { /* a child whose streams are pipes */
    pid_t pid;
    int out, err;
};

static struct caught start(const char *const *arguments, void (*act)(void)) {
    int out[2], err[2];
    struct caught c;
    assert_int_equal(pipe(out) + pipe(err), 0);
    c.pid = fork();
    if (c.pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        close(out[0]), close(err[0]);
        if (act) {
            act();
            _exit(9);
        }
        execv(SY_BUILD_ROOT "/switchyard", (char *const *)(uintptr_t)arguments);
        _exit(8);
    }
    close(out[1]), close(err[1]);
    c.out = out[0], c.err = err[0];
    return c;
}

/* The child's end: one line that names the file, and exit 1. */
static void expect_named(struct caught c, const char *file) {
    char sink[4096], line[8192];
    size_t size = 0;
    int status;
    while (read(c.out, sink, sizeof sink) > 0) continue;
    for (ssize_t got; (got = read(c.err, line + size, sizeof line - 1 - size)) > 0;) size += (size_t)got;
    line[size] = 0;
    close(c.out), close(c.err);
    assert_int_equal(waitpid(c.pid, &status, 0), c.pid);
    print_message("status %x: %s\n", (unsigned)status, line);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    const char *named = strstr(line, file);
    assert_non_null(named);
    assert_non_null(strstr(named, ": the file shrank while it was in use; "));
    assert_ptr_equal(strchr(line, '\n'), line + size - 1); /* one line */
}

/* Waits until the child has said something. */
static void await(struct caught c) {
    char byte;
    assert_int_equal(read(c.out, &byte, 1), 1);
}

static const char *path_in(const char *folder, const char *name) {
    static char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    return path;
}

static void copy(const char *from, const char *to) {
    char bytes[8192];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_true(in && out);
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, in)) > 0;)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

/* A model with words of this round's own, to be hurt: text_model's weights are everybody's. */
static const char *new_model(int round) {
    static const char *const files[] = { "config.json", "model.safetensors", "tokenizer.json" };
    static char folder[TEST_PATH_MAX];
    char name[32], from[TEST_PATH_MAX];
    snprintf(name, sizeof name, "model_%d", round);
    test_temp_path(folder, name);
    assert_int_equal(mkdir(folder, 0700), 0);
    for (int i = 0; i < 3; i++) {
        snprintf(from, sizeof from, "%.4000s/%s", text_model(), files[i]);
        copy(from, path_in(folder, files[i]));
    }
    return folder;
}

static const char *weights_of(const char *model) {
    struct stat facts;
    const char *path = path_in(model, "model.safetensors");
    assert_int_equal(lstat(path, &facts), 0);
    assert_true(S_ISREG(facts.st_mode));
    return path;
}

/* Half of it is left: what is gone is a part of the weights, headers and all else are there. */
static void shrink(const char *path, bool half) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long size = ftell(file);
    fclose(file);
    assert_int_equal(truncate(path, half ? size / 2 : 0), 0);
}

TEST(a_checkpoint_that_shrinks_under_run_is_named) {
    static const char *const threads[] = { "1", "4" };
    for (int i = 0; i < 4; i++) {
        const char *model = new_model(i), *file = weights_of(model);
        /* text goes out as it is made, for longer than anybody waits */
        const char *arguments[] = { "switchyard", "run",    model,   "-p",           "abc",
                                    "-n",         "900000", "--ctx", "999999",       "--ignore-eos",
                                    "--temp",     "0",      "-t",    threads[i / 2], NULL };
        struct caught c = start(arguments, NULL);
        await(c);
        shrink(file, i % 2);
        expect_named(c, file);
    }
}

TEST(a_checkpoint_that_shrinks_under_logits_is_named) {
    const char *model = new_model(0), *file = weights_of(model);
    size_t count = 20000, size = 0;
    char *ids = malloc(count * 3);
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(ids + size, count * 3 - size, "%s%d", i ? "," : "", (int)(i % 60));
    const char *arguments[] = { "switchyard", "logits", model, "--ids", ids,     "--ctx", "20000",
                                "--chunk",    "16",     "-t",  "3",     "--out", "-",     NULL };
    struct caught c = start(arguments, NULL);
    await(c); /* five million bytes of logits do not fit into a pipe */
    shrink(file, false);
    expect_named(c, file);
    free(ids);
}

/* ---- the library ---- */

static const char *hosted;
static bool with_routing, as_gguf;

static void note_routing(void *argument, const struct sy_routed_row *row) {
    (void)argument, (void)row;
}

/* A host that watches SIGBUS as the program does, in the middle of generation, with four threads. */
static void host(void) {
    static const int64_t ids[] = { 1, 2, 3, 4 };
    struct sy_engine *engine;
    struct sy_error err;
    char line[1024];
    struct sy_options options = { .struct_bytes = sizeof options, .threads = 4, .sequences = 3 };
    struct sy_request request = { .struct_bytes = sizeof request,
                                  .flags = SY_IGNORE_END | (with_routing ? SY_WANT_ROUTING : 0u),
                                  .ids = ids,
                                  .count = 4,
                                  .new_count = 50,
                                  .on_routing = with_routing ? note_routing : NULL };
    int64_t sequence, active;
    struct sigaction before, after;
    sigaction(SIGBUS, NULL, &before);
    if (!sy_engine_open(hosted, &options, &engine, &err)) {
        fprintf(stderr, "%s\n", sy_error_text(&err, line, sizeof line));
        _exit(7);
    }
    sigaction(SIGBUS, NULL, &after);
    if (before.sa_sigaction != after.sa_sigaction || before.sa_flags != after.sa_flags) _exit(6);
    os_install_sigbus();
    for (int i = 0; i < 3; i++)
        if (!sy_submit(engine, &request, &sequence, &err)) _exit(5);
    for (int i = 0; i < 10; i++)
        if (!sy_step(engine, &active, &err)) _exit(4);
    if (truncate(as_gguf ? hosted : weights_of(hosted), 0) != 0) _exit(3);
    while (sy_step(engine, &active, &err) && active > 0) continue;
    _exit(2);
}

TEST(a_checkpoint_that_shrinks_under_a_library_is_named) {
    for (int round = 0; round < 8; round++) {
        hosted = new_model(round);
        with_routing = round % 2;
        expect_named(start(NULL, host), weights_of(hosted));
    }
}

TEST(a_gguf_file_that_shrinks_is_named) {
    char config[TEST_PATH_MAX], path[TEST_PATH_MAX];
    snprintf(config, sizeof config, "%s", path_in(text_model(), "config.json"));
    test_temp_path(path, "shrinks.gguf");
    assert_int_equal(test_run("synth", config, "--out", path, "--dtype", "q8_0").status, 0);
    hosted = path;
    as_gguf = true;
    expect_named(start(NULL, host), path);
}
