/* Reading, mapping, memory and signals; writing has a file of its own. */
#include "base/os.h"
#include "test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void write_file(const char *path, const char *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---- reading ---- */

TEST(read_file_whole) {
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    test_temp_path(path, "f");
    write_file(path, "a\0b\n", 4);
    assert_true(os_read_file(path, 4, &text, &size, NULL));
    assert_int_equal(size, 4);
    assert_memory_equal(text, "a\0b\n", 5); /* a NUL behind it */
    free(text);
    write_file(path, "", 0);
    assert_true(os_read_file(path, 0, &text, &size, NULL));
    assert_int_equal(size, 0);
    assert_string_equal(text, "");
    free(text);
}

TEST(read_file_refuses) {
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    struct sy_error err;
    test_temp_path(path, "f");
    assert_false(os_read_file(path, 9, &text, &size, &err));
    assert_string_equal(err.message, "cannot be opened: No such file or directory");
    assert_non_null(strstr(err.file, "/f"));
    write_file(path, "12345", 5);
    assert_false(os_read_file(path, 4, &text, &size, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_false(os_read_file(test_temp_dir(), 4, &text, &size, &err));
    assert_string_equal(err.message, "is a folder, where a file is wanted");
    assert_false(os_read_file("/dev/zero", 4, &text, &size, &err));
    assert_string_equal(err.message, "is a device, where a file is wanted");
}

TEST(read_file_of_the_system) { /* these claim to be empty */
    char *text;
    int64_t size;
    assert_true(os_read_file("/proc/self/status", 1 << 20, &text, &size, NULL));
    assert_non_null(strstr(text, "VmRSS"));
    free(text);
}

TEST(read_pipes) {
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    test_temp_path(path, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_true(os_read_file(path, 100, &text, &size, NULL)); /* no writer: empty, and at once */
    assert_int_equal(size, 0);
    free(text);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) { /* as in <(command): the writer takes its time */
        for (int i = 0; i < 3; ++i) {
            usleep(2000);
            if (write(ends[1], "abcd", 4) != 4) _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    snprintf(path, sizeof path, "/proc/self/fd/%d", ends[0]);
    assert_true(os_read_file(path, 100, &text, &size, NULL));
    assert_string_equal(text, "abcdabcdabcd");
    free(text);
    waitpid(child, NULL, 0);
}

TEST(read_stdin_and_its_limit) {
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    struct sy_error err;
    test_temp_path(path, "in");
    write_file(path, "1,2,3", 5);
    assert_int_equal(dup2(open(path, O_RDONLY), STDIN_FILENO), STDIN_FILENO);
    assert_true(os_read_stdin(5, &text, &size, &err));
    assert_string_equal(text, "1,2,3");
    free(text);
    lseek(STDIN_FILENO, 0, SEEK_SET);
    assert_false(os_read_stdin(4, &text, &size, &err));
    assert_string_equal(err.file, "standard input");
}

TEST(read_survives_short_reads_and_reports_failed_ones) {
    char path[TEST_PATH_MAX], *text, content[300];
    int64_t size;
    struct sy_error err;
    memset(content, 'x', sizeof content);
    test_temp_path(path, "f");
    write_file(path, content, sizeof content);
    for (int fault = OS_FAULT_FAIL; fault <= OS_FAULT_SHORT; ++fault) {
        bool done = false;
        for (int64_t at = 1; !done; ++at) {
            struct os_fault_plan plan = { (enum os_fault)fault, at, 0 };
            os_fault_install(&plan);
            bool read = os_read_file(path, 1000, &text, &size, &err);
            os_fault_install(NULL);
            done = plan.calls < at;
            assert_true(read == (done || fault == OS_FAULT_SHORT));
            if (read) {
                assert_int_equal(size, sizeof content);
                free(text);
            } else
                assert_non_null(strstr(err.message, "Input/output error"));
        }
    }
}

TEST(folders_and_files) {
    char path[TEST_PATH_MAX], file[TEST_PATH_MAX], again[TEST_PATH_MAX];
    struct sy_error err;
    test_temp_path(path, "folder");
    test_temp_path(file, "folder/f");
    assert_false(os_is_folder(path) || os_is_file(path));
    assert_true(os_make_folder(path, &err));
    assert_true(os_make_folder(path, &err)); /* again is fine */
    assert_true(os_is_folder(path) && !os_is_file(path));
    write_file(file, "", 0);
    assert_true(os_is_file(file) && !os_is_folder(file));
    assert_true(os_is_same(path, path) && os_is_same(file, file) && !os_is_same(path, file));
    assert_false(os_is_same(path, "none"));
    snprintf(again, sizeof again, "%.4000s/.", path);
    assert_true(os_is_same(path, again));
    assert_false(os_make_folder(file, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    test_temp_path(path, "none/below");
    assert_false(os_make_folder(path, &err));
}

/* ---- mapping ---- */

TEST(map_whole_files) {
    char path[TEST_PATH_MAX];
    struct os_map map;
    test_temp_path(path, "f");
    write_file(path, "weights", 7);
    assert_true(os_map_open(path, &map, NULL));
    assert_int_equal(map.size, 7);
    assert_memory_equal(map.data, "weights", 7);
    os_map_close(&map);
    os_map_close(&map); /* twice is harmless */
    write_file(path, "", 0);
    assert_true(os_map_open(path, &map, NULL));
    assert_int_equal(map.size, 0);
    os_map_close(&map);
}

TEST(map_refuses_what_is_no_file) {
    char path[TEST_PATH_MAX];
    struct os_map map;
    struct sy_error err;
    test_temp_path(path, "fifo");
    assert_false(os_map_open(path, &map, &err));
    assert_string_equal(err.message, "cannot be opened: No such file or directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_false(os_map_open(path, &map, &err)); /* and does not wait for a writer */
    assert_string_equal(err.message, "is a pipe or a device, where an ordinary file is wanted");
    assert_false(os_map_open("/dev/zero", &map, &err));
    assert_false(os_map_open(test_temp_dir(), &map, &err));
    assert_string_equal(err.message, "is a folder, where a file is wanted");
    os_map_close(&map); /* what a failure leaves may be closed */
    for (int64_t at = 1; at <= 2; ++at) {
        test_temp_path(path, "f");
        write_file(path, "x", 1);
        struct os_fault_plan plan = { OS_FAULT_FAIL, at, 0 };
        os_fault_install(&plan);
        assert_false(os_map_open(path, &map, &err));
        os_fault_install(NULL);
        assert_int_equal(err.code, at == 1 ? SY_ERR_IO : SY_ERR_MEMORY);
    }
}

TEST(map_more_files_than_the_table_names) {
    char path[TEST_PATH_MAX];
    enum { MAPS = 1100 };
    static struct os_map maps[MAPS];
    test_temp_path(path, "f");
    write_file(path, "x", 1);
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < MAPS; ++i) assert_true(os_map_open(path, &maps[i], NULL));
        for (int i = 0; i < MAPS; ++i) os_map_close(&maps[i]);
    }
}

/* Runs `act` in a child whose stderr is caught; returns its wait status. */
static int in_child(void (*act)(const char *path), const char *path, char *err, size_t err_size) {
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        act(path);
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t got; (got = read(ends[0], err + used, err_size - used - 1)) > 0;) used += (size_t)got;
    err[used] = 0;
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void read_shrunk(const char *path) {
    struct os_map map;
    os_install_sigbus();
    if (!os_map_open(path, &map, NULL) || truncate(path, 0) != 0) _exit(7);
    _exit(*(volatile const unsigned char *)(map.data + map.size - 1) == 1 ? 8 : 9);
}

TEST(sigbus_names_the_file_that_shrank) {
    char path[TEST_PATH_MAX], err[8192], want[TEST_PATH_MAX + 100], *page = calloc(1, 20000);
    test_temp_path(path, "shrinks\n"); /* a name cannot break the line */
    write_file(path, page, 20000);
    int status = in_child(read_shrunk, path, err, sizeof err);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    path[strlen(path) - 1] = '?';
    snprintf(want, sizeof want, "%s: the file shrank while it was in use; ", path);
    assert_memory_equal(err, want, strlen(want));
    assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1); /* one line */
    free(page);
}

static void raise_sigbus(const char *path) {
    (void)path;
    signal(SIGBUS, SIG_DFL); /* a sanitizer may have put its own */
    os_install_sigbus();
    raise(SIGBUS);
    _exit(3);
}

TEST(sigbus_of_other_origin_kills) {
    char err[8192];
    int status = in_child(raise_sigbus, NULL, err, sizeof err);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGBUS);
    assert_string_equal(err, "");
}

/* ---- Ctrl-C ---- */

static void interrupt_twice(const char *path) {
    (void)path;
    os_install_interrupt();
    if (os_interrupted()) _exit(4);
    raise(SIGINT);
    if (!os_interrupted()) _exit(5);
    os_install_interrupt(); /* armed anew, as chat does after each answer */
    if (os_interrupted()) _exit(6);
    raise(SIGINT);
    raise(SIGINT);
    _exit(7);
}

TEST(interrupt_sets_a_flag_and_then_kills) {
    char err[8192];
    int status = in_child(interrupt_twice, NULL, err, sizeof err);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static bool count_names(void *argument, const char *name) {
    (void)name;
    return ++*(int *)argument > 0;
}

static void terminate_after_interrupt(const char *path) {
    (void)path;
    os_install_interrupt();
    raise(SIGTERM);
    if (!os_interrupted() || !os_must_end() || os_ended_by() != SIGTERM) _exit(4);
    os_install_interrupt();
    if (!os_must_end()) _exit(5); /* nobody takes that back */
    raise(SIGINT);                /* a second one, of whatever kind */
    _exit(7);
}

TEST(a_request_to_end_is_not_forgotten) {
    char err[8192];
    int status = in_child(terminate_after_interrupt, NULL, err, sizeof err);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGINT);
}

static void work_on_in_spite(const char *path) {
    struct os_writer *writer;
    os_install_interrupt();
    if (!os_writer_open(path, false, &writer, NULL)) _exit(4);
    raise(SIGTERM);
    for (int i = 0; i < 200; i++) usleep(100000); /* no step ends */
    _exit(7);
}

TEST(who_does_not_hear_a_request_to_end_is_ended) {
    char err[8192], path[TEST_PATH_MAX];
    test_temp_path(path, "f");
    double start = os_seconds();
    int status = in_child(work_on_in_spite, path, err, sizeof err);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_true(os_seconds() - start > 3 && os_seconds() - start < 15);
    int names = 0;
    assert_true(os_list_folder(test_temp_dir(), count_names, &names, NULL));
    assert_int_equal(names, 0);
}

static void hang_up_under_nohup(const char *path) {
    (void)path;
    signal(SIGHUP, SIG_IGN);
    os_install_interrupt();
    os_install_interrupt();
    raise(SIGHUP);
    if (os_interrupted()) _exit(4);
    signal(SIGHUP, SIG_DFL);
    os_install_interrupt();
    raise(SIGHUP);
    _exit(os_ended_by() == SIGHUP ? 0 : 5);
}

TEST(nohup_is_respected) {
    char err[8192];
    assert_int_equal(in_child(hang_up_under_nohup, NULL, err, sizeof err), 0);
}

static void die_writing(const char *path) {
    struct os_writer *writer;
    os_install_interrupt();
    if (!os_writer_open(path, false, &writer, NULL) || !os_writer_write(writer, "x", 1, NULL)) _exit(4);
    raise(SIGTERM);
    raise(SIGTERM);
    _exit(7);
}

TEST(a_second_signal_leaves_no_temporary) {
    char err[8192], path[TEST_PATH_MAX];
    int names = 0;
    test_temp_path(path, "f");
    int status = in_child(die_writing, path, err, sizeof err);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGTERM);
    assert_true(os_list_folder(test_temp_dir(), count_names, &names, NULL));
    assert_int_equal(names, 0);
}

static void wait_for_input(const char *path) {
    (void)path;
    int ends[2];
    char *text;
    int64_t size;
    struct sy_error err;
    os_install_interrupt();
    if (pipe(ends) != 0 || dup2(ends[0], STDIN_FILENO) != STDIN_FILENO) _exit(9);
    pid_t parent = getpid();
    if (fork() == 0) {
        usleep(20000);
        kill(parent, SIGINT);
        _exit(0);
    }
    bool read = os_read_stdin(100, &text, &size, &err);
    _exit(!read && err.code == SY_ERR_STOPPED ? 0 : 8);
}

TEST(interrupt_ends_a_wait_for_input) {
    char err[8192];
    assert_int_equal(in_child(wait_for_input, NULL, err, sizeof err), 0);
}

/* ---- memory ---- */

TEST(memory_is_zeroed_and_there) {
    static const int64_t sizes[] = { 1, 4096, 4097, (2 << 20) - 1, 2 << 20, (5 << 20) + 3 };
    for (int i = 0; i < 6; ++i) {
        void *memory;
        assert_true(os_memory_take(sizes[i], &memory, NULL));
        assert_int_equal((uintptr_t)memory % 4096, 0);
        if (sizes[i] >= 2 << 20) assert_int_equal((uintptr_t)memory % (2 << 20), 0);
        unsigned char *bytes = memory;
        for (int64_t k = 0; k < sizes[i]; ++k) assert_true(bytes[k] == 0);
        memset(memory, 1, (size_t)sizes[i]);
        os_memory_release(memory, sizes[i]);
    }
    assert_true(os_peak_rss_bytes() > 5 << 20);
    double now = os_seconds();
    assert_true(os_seconds() >= now);
}

TEST(memory_that_is_not_there_is_refused) {
    void *memory;
    struct sy_error err;
    assert_false(os_memory_take((int64_t)1 << 60, &memory, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.message, "1152921504606846976 bytes"));
    assert_false(os_memory_take(INT64_MAX, &memory, &err));
    assert_false(os_memory_take(0, &memory, &err) || os_memory_take(-1, &memory, &err));
    struct os_fault_plan plan = { OS_FAULT_FAIL, 1, 0 };
    os_fault_install(&plan);
    assert_false(os_memory_take(4096, &memory, &err));
    os_fault_install(NULL);
}
