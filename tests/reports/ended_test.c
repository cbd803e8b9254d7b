/*
 * Runs that are ended from outside: by each signal that asks for it, by one that does not ask, and by a
 * source that shrinks under them. What they were writing is gone, what was there before stands, and the exit
 * status tells the signal.
 */
#include "../converted.h"
#include "../hostile.h"
#include "../speaker.h"
#include "base/os.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const int asking[] = { SIGINT, SIGTERM, SIGHUP };

/* Sizes at which q4_k takes seconds. */
#define CONFIG                                                                                               \
    "{\"architectures\":[\"MixtralForCausalLM\"],\"model_type\":\"mixtral\",\"hidden_size\":512,"            \
    "\"intermediate_size\":1024,\"num_hidden_layers\":2,\"num_attention_heads\":8,"                          \
    "\"num_key_value_heads\":4,\"num_local_experts\":16,\"num_experts_per_tok\":2,\"vocab_size\":1024,"      \
    "\"max_position_embeddings\":65536,\"rms_norm_eps\":1e-5,\"rope_theta\":10000.0}"

struct started {
    pid_t pid;
    int in; /* its standard input: a pipe that says nothing */
    char err[TEST_PATH_MAX];
};

static struct started start(const char *const *words) {
    const char *arguments[24] = { "switchyard" };
    struct started s;
    int in[2];
    for (int i = 0; words[i]; i++) arguments[i + 1] = words[i];
    test_temp_path(s.err, "stderr");
    assert_int_equal(pipe(in), 0);
    s.pid = fork();
    if (s.pid == 0) {
        int err = open(s.err, O_WRONLY | O_CREAT | O_TRUNC, 0600), out = open("/dev/null", O_WRONLY);
        dup2(in[0], STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err, STDERR_FILENO);
        close(in[1]);
        for (int i = 0; i < 3; i++) signal(asking[i], SIG_DFL);
        execv(SY_BUILD_ROOT "/switchyard", (char *const *)(uintptr_t)arguments);
        _exit(9);
    }
    close(in[0]);
    s.in = in[1];
    return s;
}

/* Until it listens to SIGTERM, and a little longer. */
static void begins(const struct started *s) {
    char path[64], *text;
    int64_t size;
    snprintf(path, sizeof path, "/proc/%d/status", (int)s->pid);
    for (int i = 0; i < 60000; i++, usleep(1000)) {
        assert_true(os_read_file(path, 1 << 16, &text, &size, NULL));
        const char *caught = strstr(text, "SigCgt:");
        bool listens = caught && (strtoull(caught + 7, NULL, 16) >> (SIGTERM - 1) & 1);
        free(text);
        if (listens) break;
    }
    usleep(300000);
}

static int end_of(struct started *s) {
    int status;
    assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
    close(s->in);
    return status;
}

/* ---- the folder that is written to ---- */

struct seen {
    int temporaries, others;
};

static bool see(void *argument, const char *name) {
    struct seen *seen = argument;
    size_t length = strlen(name);
    if (length > 4 && strcmp(name + length - 4, ".tmp") == 0)
        seen->temporaries++;
    else
        seen->others++;
    return true;
}

static struct seen look(const char *folder) {
    struct seen seen = { 0 };
    if (os_is_folder(folder)) assert_true(os_list_folder(folder, see, &seen, NULL));
    return seen;
}

/* Until it writes: false when it ended before. */
static bool begins_to_write(const struct started *s, const char *folder) {
    for (int i = 0; i < 60000 && look(folder).temporaries == 0; i++) {
        siginfo_t info = { .si_pid = 0 };
        assert_int_equal(waitid(P_PID, (id_t)s->pid, &info, WEXITED | WNOHANG | WNOWAIT), 0);
        if (info.si_pid != 0) return false;
        usleep(500);
    }
    usleep(20000);
    return true;
}

struct writing { /* a command that writes into a folder of its own, for seconds */
    const char *name, *words[16];
};

static void make_source(char model[TEST_PATH_MAX], char config[TEST_PATH_MAX], char ids[1 << 16]) {
    test_temp_path(model, "model");
    test_temp_path(config, "c.json");
    hostile_file("c.json", CONFIG, (int64_t)strlen(CONFIG));
    must_run(test_run("synth", config, "--out", model));
    size_t size = 0;
    for (int i = 0; i < 12000; i++) size += (size_t)snprintf(ids + size, 8, "%s%d", i ? "," : "", i % 1000);
}

static void say(const struct started *s, char *text, size_t size) {
    char *all;
    int64_t length;
    assert_true(os_read_file(s->err, 1 << 20, &all, &length, NULL));
    snprintf(text, size, "%s", all);
    free(all);
}

/* SIGTERM and SIGHUP killed at once, and hidden files of the size of a model were left in the folder. */
TEST(whoever_asks_to_end_finds_nothing_half_written) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], ids[1 << 16];
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], sub[TEST_PATH_MAX], text[8192];
    make_source(model, config, ids);
    test_temp_path(folder, "out");
    test_temp_path(file, "out/f.gguf");
    test_temp_path(sub, "out");
    const struct writing writings[] = {
        { "convert", { "convert", model, "--out", file, "--dtype", "q4_k", "-t", "1", "--force" } },
        { "synth", { "synth", config, "--out", file, "--dtype", "q4_k", "-t", "1", "--force" } },
        { "logits",
          { "logits", model, "--ids", ids, "--ctx", "12000", "--out", file, "-t", "1", "--force" } },
        { "convert to a folder", { "convert", model, "--out", sub, "--dtype", "f32", "-t", "1", "--force" } },
    };
    for (int w = 0; w < 4; w++)
        for (int i = 0; i < 3; i++) {
            char clear[TEST_PATH_MAX + 16];
            snprintf(clear, sizeof clear, "rm -rf '%s'", folder);
            assert_int_equal(system(clear), 0);
            assert_true(os_make_folder(folder, NULL));
            hostile_file("out/f.gguf", "older", 5);
            struct started s = start(writings[w].words);
            if (!begins_to_write(&s, folder)) {
                say(&s, text, sizeof text);
                fail_msg("%s ended before it wrote: %s", writings[w].name, text);
            }
            assert_int_equal(kill(s.pid, asking[i]), 0);
            int status = end_of(&s);
            say(&s, text, sizeof text);
            print_message("%s, signal %d: status %x: %s", writings[w].name, asking[i], (unsigned)status,
                          text);
            if (w == 3 && WIFEXITED(status) && WEXITSTATUS(status) == 0) continue; /* it was faster */
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 128 + asking[i]);
            assert_non_null(strstr(text, "interrupted\n"));
            struct seen seen = look(folder);
            assert_int_equal(seen.temporaries, 0);
            assert_int_equal(seen.others, 1);
            char *older;
            int64_t size;
            assert_true(os_read_file(file, 100, &older, &size, NULL));
            assert_string_equal(older, "older");
            free(older);
        }
}

/* ... and what waits for somebody ends too. */
TEST(whoever_asks_to_end_is_heard_while_it_waits) {
    char model[TEST_PATH_MAX], pipe_path[TEST_PATH_MAX];
    test_temp_path(model, "speaker");
    test_temp_path(pipe_path, "pipe");
    speaker_make(model);
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    const struct writing waits[] = {
        { "chat", { "chat", model, "-t", "1" } },
        { "logits into a pipe that nobody reads", { "logits", model, "--ids", "1,2", "--out", pipe_path } },
        { "run without an end",
          { "run", model, "--prompt", "in", "-n", "90000", "--ignore-eos", "--ctx", "100000", "-t", "1" } },
    };
    for (int w = 0; w < 3; w++)
        for (int i = 0; i < 3; i++) {
            struct started s = start(waits[w].words);
            begins(&s);
            assert_int_equal(kill(s.pid, asking[i]), 0);
            int status = end_of(&s);
            char text[8192];
            say(&s, text, sizeof text);
            print_message("%s, signal %d: status %x: %s", waits[w].name, asking[i], (unsigned)status, text);
            assert_true(WIFEXITED(status));
            assert_int_equal(WEXITSTATUS(status), 128 + asking[i]);
        }
}

/* A run that was killed outright left its hidden file for good, and a folder that was not empty. */
TEST(what_a_killed_run_left_is_taken_away_by_the_next) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], ids[1 << 16];
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX];
    make_source(model, config, ids);
    test_temp_path(folder, "out");
    test_temp_path(file, "out/f.gguf");
    assert_true(os_make_folder(folder, NULL));
    const char *const slow[] = { "convert", model, "--out", file, "--dtype", "q4_k", "-t", "1", NULL };
    const char *const to_folder[] = { "convert", file, "--out", folder, "--dtype", "f32", "-t", "1", NULL };
    struct started s = start(slow);
    assert_true(begins_to_write(&s, folder));
    kill(s.pid, SIGKILL);
    end_of(&s);
    assert_int_equal(look(folder).temporaries, 1);
    must_run(test_run("convert", model, "--out", file));
    assert_int_equal(look(folder).temporaries, 0);
    assert_int_equal(look(folder).others, 1);
    /* A folder: the killed run's hidden weights do not make it a folder that is not empty. */
    test_temp_path(folder, "made");
    s = start(to_folder);
    bool wrote = begins_to_write(&s, folder);
    kill(s.pid, SIGKILL);
    end_of(&s);
    if (wrote && look(folder).others == 0) {
        assert_int_equal(look(folder).temporaries, 1);
        must_run(test_run("convert", file, "--out", folder));
        assert_int_equal(look(folder).temporaries, 0);
    }
}

/* A checkpoint shrank under `logits`: the line was right, and the hidden file stayed. */
TEST(a_source_that_shrinks_leaves_nothing_half_written) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], ids[1 << 16];
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], weights[TEST_PATH_MAX], text[8192];
    make_source(model, config, ids);
    test_temp_path(folder, "out");
    test_temp_path(file, "out/o.safetensors");
    snprintf(weights, sizeof weights, "%.3900s/model.safetensors", model);
    assert_true(os_make_folder(folder, NULL));
    const char *const words[] = { "logits", model, "--ids", ids,       "--ctx", "12000", "--out",
                                  file,     "-t",  "1",     "--chunk", "64",    NULL };
    struct started s = start(words);
    assert_true(begins_to_write(&s, folder));
    assert_int_equal(truncate(weights, 4096), 0);
    int status = end_of(&s);
    say(&s, text, sizeof text);
    print_message("status %x: %s", (unsigned)status, text);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_non_null(strstr(text, "shrank while it was in use"));
    assert_int_equal(look(folder).temporaries, 0);
}

/* `ulimit -f` killed with a core, though the error for it was written long ago. */
TEST(a_limit_on_file_sizes_is_an_error_in_words) {
    static char model[TEST_PATH_MAX], config[TEST_PATH_MAX], ids[1 << 16];
    char file[TEST_PATH_MAX], command[3 * TEST_PATH_MAX];
    make_source(model, config, ids);
    test_temp_path(file, "o.gguf");
    snprintf(command, sizeof command, "ulimit -f 100; exec %s convert %.3000s --out %.3000s 2>%.3000s.err",
             SY_BUILD_ROOT "/switchyard", model, file, file);
    int status = system(command);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    snprintf(command, sizeof command, "%.4000s.err", file);
    char *text;
    int64_t size;
    assert_true(os_read_file(command, 1 << 20, &text, &size, NULL));
    assert_non_null(strstr(text, "File too large; the file system or a limit (ulimit -f) allows no larger "
                                 "file: write elsewhere, or raise it\n"));
    free(text);
    assert_false(os_is_file(file));
    assert_int_equal(test_run("convert", model, "--out", file).status, 0); /* with the limit raised */
}
