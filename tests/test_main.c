/*
 * The test runner: all tests of the tree are in one program, and run by name.
 *
 *     build/sy-test [-v] [-j N] [--list] [--sample N] [WORD ...]
 *
 * Runs the tests whose name or file contains one of the words, or all of them; with --sample those, and N
 * of the others (choose.h). The last line is always `N passed, N failed, N skipped`, the exit status 1 when
 * one failed or none matched. With -v each test is named, with its seconds and its processor time. A test
 * runs in a forked child (so a debugger wants `set follow-fork-mode child`) whose output goes to a file; the
 * child says how it ended through a record in shared memory, so that a test which leaves by exit(0) does not
 * pass for one that finished.
 *
 * Environment:
 *     SY_EXPECT_SHARED=1           makes missing shared data a failure
 *     SY_TEST_SECONDS              bounds one test (300)
 *     SLOW=1                       names tests that take long, as -v does all
 *     SY_SEED                      any text, draws the sample
 *     SY_SOURCE_ROOT, SY_PROGRAM   where the checkout and the program are, if not where they were built
 */
#include "choose.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 64, SHOWN_BYTES_MAX = 16384, SECONDS_DEFAULT = 300 };
static const double slow_seconds = 2;

enum state { STATE_NONE, STATE_FINISHED, STATE_SKIPPED };

struct record { /* written by the child, read by the runner */
    enum state state;
    bool data_missing;
    char reason[200];
};

struct job {
    pid_t pid; /* 0: free */
    size_t index;
    double start;
};

struct runner {
    struct test_case **tests;
    struct record *records; /* shared with the children, one a test */
    size_t test_count;
    bool verbose, slow, expect_shared; /* slow: name tests that take long */
    size_t job_count;
    unsigned seconds_max;
    size_t passed, failed, skipped;
};

/* Tests register before main(), so their list cannot be anywhere else; the other two are the child's own. */
static struct test_case *registered;
static struct test_case *running;
static struct record *record;

static char run_folder[TEST_PATH_MAX]; /* everything temporary lies below */
static char test_folder[TEST_PATH_MAX + 32];
static const int cmocka_signals[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };
static struct sigaction plain_actions[sizeof cmocka_signals / sizeof cmocka_signals[0]];
static volatile sig_atomic_t interrupted;

/* ---- for the tests ---- */

void test_register(struct test_case *test) {
    test->next = registered;
    registered = test;
}

const char *test_name(void) {
    return running->name;
}

void test_skip_at(const char *file, int line, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(record->reason, sizeof record->reason, format, args);
    va_end(args);
    _skip(file, line);
    abort(); /* not reached: cmocka jumps */
}

static const char *source_root(void) {
    const char *root = getenv("SY_SOURCE_ROOT");
    return root ? root : SY_SOURCE_ROOT;
}

static void join(char path[TEST_PATH_MAX], const char *folder, const char *middle, const char *name) {
    int length = snprintf(path, TEST_PATH_MAX, "%s%s%s", folder, middle, name);
    if (length < 0 || length >= TEST_PATH_MAX) fail_msg("path too long: %s%s%s", folder, middle, name);
}

bool test_data(char path[TEST_PATH_MAX], const char *name) {
    join(path, source_root(), "/../shared/data/", name);
    bool there = access(path, R_OK) == 0;
    if (!there) record->data_missing = true;
    return there;
}

void test_needs_data(char path[TEST_PATH_MAX], const char *name) {
    if (!test_data(path, name)) test_skip("no ../shared/data/%s", name);
}

void test_source(char path[TEST_PATH_MAX], const char *name) {
    join(path, source_root(), "/", name);
    if (access(path, R_OK) != 0) fail_msg("%s: %s", path, strerror(errno));
}

const char *test_temp_dir(void) {
    if (mkdir(test_folder, 0700) != 0 && errno != EEXIST) fail_msg("%s: %s", test_folder, strerror(errno));
    return test_folder;
}

void test_temp_path(char path[TEST_PATH_MAX], const char *name) {
    join(path, test_temp_dir(), "/", name);
}

struct printed { /* what a program printed; kept in a list so that it is reachable, hence no leak */
    struct printed *next;
    size_t size;
    char bytes[];
};

static struct printed *text_take(int file) {
    static struct printed *kept;
    off_t size = lseek(file, 0, SEEK_END);
    if (size < 0) fail_msg("output of the program: %s", strerror(errno));
    struct printed *text = malloc(sizeof *text + (size_t)size + 1);
    assert_non_null(text);
    text->size = (size_t)size;
    for (size_t have = 0; have < text->size;) {
        ssize_t n = pread(file, text->bytes + have, text->size - have, (off_t)have);
        if (n <= 0) fail_msg("output of the program: %s", n < 0 ? strerror(errno) : "cut");
        have += (size_t)n;
    }
    text->bytes[text->size] = 0;
    text->next = kept;
    kept = text;
    close(file);
    return text;
}

static struct test_output run_program(const char *program, const char *const *arguments) {
    const char *argv[64] = { program };
    for (size_t i = 0; arguments[i]; i++) {
        assert_true(i + 2 < sizeof argv / sizeof argv[0]);
        argv[i + 1] = arguments[i];
    }
    int out = memfd_create("stdout", MFD_CLOEXEC), err = memfd_create("stderr", MFD_CLOEXEC);
    if (out < 0 || err < 0) fail_msg("memfd_create: %s", strerror(errno));
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) fail_msg("fork: %s", strerror(errno));
    if (pid == 0) {
        int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (in >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0)
            execv(program, (char *const *)(uintptr_t)argv);
        dprintf(2, "%s: %s\n", program, strerror(errno));
        _exit(127);
    }
    int how = 0;
    while (waitpid(pid, &how, 0) < 0)
        if (errno != EINTR) fail_msg("waitpid: %s", strerror(errno));
    struct printed *out_text = text_take(out), *err_text = text_take(err);
    return (struct test_output){
        .status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how),
        .out = out_text->bytes,
        .err = err_text->bytes,
        .out_bytes = out_text->size,
        .err_bytes = err_text->size,
    };
}

struct test_output test_run_program(const char *const *arguments) {
    const char *program = getenv("SY_PROGRAM");
    return run_program(program ? program : SY_BUILD_ROOT "/switchyard", arguments);
}

struct test_output test_run_other(const char *program, const char *const *arguments) {
    char path[TEST_PATH_MAX];
    join(path, SY_BUILD_ROOT, "/", program);
    return run_program(path, arguments);
}

void test_same_bits(const float *got, const float *want, size_t count, const char *file, int line) {
    for (size_t i = 0; i < count; i++) {
        if (memcmp(&got[i], &want[i], sizeof got[i]) == 0) continue;
        size_t differing = 1;
        for (size_t j = i + 1; j < count; j++) differing += memcmp(&got[j], &want[j], sizeof got[j]) != 0;
        print_error("index %zu: got %.9g (%a), want %.9g (%a); %zu of %zu differ\n", i, (double)got[i],
                    (double)got[i], (double)want[i], (double)want[i], differing, count);
        _fail(file, line);
    }
}

void test_near(const float *got, const float *want, size_t count, double tolerance, const char *file,
               int line) {
    double sum = 0, worst = -1;
    size_t worst_index = 0;
    for (size_t i = 0; i < count; i++) {
        double difference = fabs((double)got[i] - (double)want[i]);
        sum += (double)want[i] * (double)want[i];
        if (isnan(worst) || difference <= worst) continue; /* the first NaN stays the worst */
        worst = difference;
        worst_index = i;
    }
    double scale = count && sum > 0 ? sqrt(sum / (double)count) : 1;
    if (count == 0 || worst <= tolerance * scale) return;
    print_error(
        "index %zu of %zu: got %.9g, want %.9g; relative to the root mean square %.3g the error is %.3g, "
        "allowed %.3g\n",
        worst_index, count, (double)got[worst_index], (double)want[worst_index], scale, worst / scale,
        tolerance);
    _fail(file, line);
}

/* ---- the child ---- */

static void run_one(void **state) {
    /* cmocka has just caught the fatal signals; hand them back, so that a sanitizer or the runner names the
     * crash. */
    for (size_t i = 0; i < sizeof plain_actions / sizeof plain_actions[0]; i++)
        sigaction(cmocka_signals[i], &plain_actions[i], NULL);
    running->run(state);
    record->state = STATE_FINISHED;
}

_Noreturn static void child_main(struct runner *runner, size_t index, int output) {
    running = runner->tests[index];
    record = &runner->records[index];
    dup2(output, 1);
    dup2(output, 2);
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    setenv("XDG_CONFIG_HOME", run_folder, 1); /* whoever runs the tests may have defaults of their own */
    alarm(runner->seconds_max);
    for (size_t i = 0; i < sizeof plain_actions / sizeof plain_actions[0]; i++)
        sigaction(cmocka_signals[i], NULL, &plain_actions[i]);
    const struct CMUnitTest group[] = { { running->name, run_one, NULL, NULL, NULL } };
    cmocka_set_message_output(CM_OUTPUT_STDOUT);
    int failed = cmocka_run_group_tests_name(running->name, group, NULL, NULL);
    if (!failed && record->state == STATE_NONE) record->state = STATE_SKIPPED;
    exit(failed ? 1 : 0); /* not _exit: the leak check runs at exit */
}

/* ---- the runner ---- */

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double cpu_seconds(const struct rusage *used) {
    return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
           1e-6 * (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec);
}

_Noreturn static void give_up(const char *what) {
    fprintf(stderr, "sy-test: %s: %s\n", what, strerror(errno));
    exit(3);
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *place) {
    (void)info, (void)type, (void)place;
    remove(path);
    return 0;
}

static void remove_tree(const char *path) {
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* The file as the checkout names it: compilers are run in the build folder and see ../src/... */
static const char *file_in_tree(const char *file) {
    size_t root = strlen(SY_SOURCE_ROOT);
    if (strncmp(file, SY_SOURCE_ROOT "/", root + 1) == 0) file += root + 1;
    while (strncmp(file, "../", 3) == 0) file += 3;
    return file;
}

static void collect(struct runner *runner, const struct test_choice *choice) {
    for (struct test_case *test = registered; test; test = test->next) test->file = file_in_tree(test->file);
    size_t others;
    runner->tests = tests_choose(registered, choice, &runner->test_count, &others);
    if (!runner->tests) give_up("memory");
    if (choice->sampled)
        fprintf(stderr, "a sample of %zu of the other %zu tests, SY_SEED=%s\n",
                choice->sample < others ? choice->sample : others, others, choice->seed);
}

static void output_path(char path[TEST_PATH_MAX + 32], size_t index) {
    snprintf(path, TEST_PATH_MAX + 32, "%s/%zu.out", run_folder, index);
}

/* What the test printed, less the frame that cmocka puts around a group of one. */
static void show_output(size_t index) {
    static const char *const frames[] = {
        "[==========]", "[ RUN      ]", "[       OK ]", "[  PASSED  ]",
        "[  FAILED  ]", "[  SKIPPED ]", "\n",           " 1 FAILED TEST(S)"
    };
    char path[TEST_PATH_MAX + 32], *line = NULL;
    size_t room = 0, shown = 0;
    output_path(path, index);
    FILE *file = fopen(path, "r");
    if (!file) return;
    while (getline(&line, &room, file) >= 0) {
        bool frame = false;
        for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++)
            frame = frame || strncmp(line, frames[i], strlen(frames[i])) == 0;
        if (frame) continue;
        shown += strlen(line);
        if (shown > SHOWN_BYTES_MAX) {
            puts("    ... (more)");
            break;
        }
        size_t length = strlen(line);
        printf("    %s%s", line, length && line[length - 1] == '\n' ? "" : "\n");
    }
    free(line);
    fclose(file);
}

static void start_job(struct runner *runner, struct job *job, size_t index) {
    char path[TEST_PATH_MAX + 32];
    output_path(path, index);
    snprintf(test_folder, sizeof test_folder, "%s/%zu", run_folder, index);
    int output = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) give_up(path);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) give_up("fork");
    if (pid == 0) child_main(runner, index, output);
    close(output);
    *job = (struct job){ pid, index, seconds_now() };
}

static void end_job(struct runner *runner, struct job *job, int how, double cpu_seconds) {
    const struct test_case *test = runner->tests[job->index];
    struct record *result = &runner->records[job->index];
    double seconds = seconds_now() - job->start;
    char why[300] = "";
    bool missed = result->state == STATE_SKIPPED && result->data_missing && runner->expect_shared;
    if (WIFSIGNALED(how) && WTERMSIG(how) == SIGALRM)
        snprintf(why, sizeof why, ": no end after %u s", runner->seconds_max);
    else if (WIFSIGNALED(how))
        snprintf(why, sizeof why, ": died of signal %d (%s)", WTERMSIG(how), strsignal(WTERMSIG(how)));
    else if (WEXITSTATUS(how) != 0 && result->state == STATE_FINISHED)
        snprintf(why, sizeof why, ": passed, but exit status %d afterwards (a leak?)", WEXITSTATUS(how));
    else if (WEXITSTATUS(how) == 0 && result->state == STATE_NONE)
        snprintf(why, sizeof why, ": left by exit(0)");
    else if (missed)
        snprintf(why, sizeof why, ": %s, but SY_EXPECT_SHARED=1", result->reason);

    bool failed = why[0] || WEXITSTATUS(how) != 0;
    bool skipped = !failed && result->state == STATE_SKIPPED;
    if (failed) {
        runner->failed++;
        printf("FAIL  %s:%d %s%s\n", test->file, test->line, test->name, why);
    } else if (skipped) {
        runner->skipped++;
        printf("skip  %s %s: %s\n", test->file, test->name,
               result->reason[0] ? result->reason : "no reason given");
    } else {
        runner->passed++;
        if (runner->verbose || (runner->slow && seconds > slow_seconds))
            printf("%s  %s %s  %.2f s, of processors %.2f s\n", seconds > slow_seconds ? "slow" : "ok  ",
                   test->file, test->name, seconds, cpu_seconds);
    }
    if (failed || runner->verbose) show_output(job->index);
    char path[TEST_PATH_MAX + 32];
    output_path(path, job->index);
    remove(path);
    snprintf(path, sizeof path, "%s/%zu", run_folder, job->index);
    if (access(path, F_OK) == 0) remove_tree(path);
    fflush(stdout);
    job->pid = 0;
}

static void on_interrupt(int number) {
    (void)number;
    interrupted = 1;
}

static void run_all(struct runner *runner) {
    struct job jobs[JOBS_MAX] = { { 0 } };
    size_t next = 0, active = 0;
    while (active || (next < runner->test_count && !interrupted)) {
        for (size_t i = 0; i < runner->job_count && next < runner->test_count && !interrupted; i++) {
            if (jobs[i].pid) continue;
            start_job(runner, &jobs[i], next++);
            active++;
        }
        for (size_t i = 0; i < runner->job_count && interrupted; i++)
            if (jobs[i].pid) kill(jobs[i].pid, SIGTERM);
        int how = 0;
        struct rusage used;
        pid_t pid = wait4(-1, &how, 0, &used);
        if (pid < 0 && errno != EINTR) give_up("wait4");
        for (size_t i = 0; i < runner->job_count; i++)
            if (pid > 0 && jobs[i].pid == pid) {
                end_job(runner, &jobs[i], how, cpu_seconds(&used));
                active--;
            }
    }
}

static int usage(void) {
    fputs("usage: sy-test [-v] [-j JOBS] [--list] [--sample COUNT] [WORD ...]\n", stderr);
    return 2;
}

int main(int argc, char **argv) {
    const char *seconds = getenv("SY_TEST_SECONDS"), *expect = getenv("SY_EXPECT_SHARED"),
               *temp = getenv("TMPDIR"), *seed = getenv("SY_SEED"), *slow = getenv("SLOW");
    struct runner runner = {
        .job_count = 1,
        .seconds_max = seconds && atoi(seconds) > 0 ? (unsigned)atoi(seconds) : SECONDS_DEFAULT,
        .expect_shared = expect && strcmp(expect, "1") == 0,
        .slow = slow && slow[0],
    };
    struct test_choice choice = { .seed = seed ? seed : "0" };
    bool list = false;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "-v") == 0) {
            runner.verbose = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else if (strncmp(argv[i], "-j", 2) == 0) {
            const char *count = argv[i][2] ? argv[i] + 2 : i + 1 < argc ? argv[++i] : "";
            long value = strtol(count, NULL, 10);
            if (value < 1) return usage();
            runner.job_count = value < JOBS_MAX ? (size_t)value : JOBS_MAX;
        } else if (strcmp(argv[i], "--sample") == 0 && i + 1 < argc) {
            char *end;
            long value = strtol(argv[++i], &end, 10);
            if (value < 0 || *end || end == argv[i]) return usage();
            choice.sampled = true;
            choice.sample = (size_t)value;
        } else {
            return usage();
        }
    }
    choice.words = argv + i;
    choice.word_count = argc - i;
    collect(&runner, &choice);
    if (list) {
        for (size_t t = 0; t < runner.test_count; t++)
            printf("%s %s\n", runner.tests[t]->file, runner.tests[t]->name);
        free(runner.tests);
        return 0;
    }
    if (runner.test_count == 0) fputs("sy-test: no test matches\n", stderr);

    size_t record_bytes = (runner.test_count + 1) * sizeof *runner.records;
    runner.records = mmap(NULL, record_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (runner.records == MAP_FAILED) give_up("mmap");
    snprintf(run_folder, sizeof run_folder, "%s/sy-test.XXXXXX", temp && temp[0] ? temp : "/tmp");
    if (!mkdtemp(run_folder)) give_up(run_folder);
    const struct sigaction on_stop = { .sa_handler = on_interrupt };
    sigaction(SIGINT, &on_stop, NULL);
    sigaction(SIGTERM, &on_stop, NULL);
    run_all(&runner);
    remove_tree(run_folder);
    munmap(runner.records, record_bytes);
    free(runner.tests);
    printf("%zu passed, %zu failed, %zu skipped\n", runner.passed, runner.failed, runner.skipped);
    if (interrupted) return 130;
    return runner.failed || runner.test_count == 0;
}
