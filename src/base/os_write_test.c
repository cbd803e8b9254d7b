/* Writing: whole or not at all, whatever call fails and whenever the process dies. */
#include "base/os.h"
#include "base/random.h"
#include "test.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 3 << 20 }; /* several buffers */

static int files_in(const char *folder) {
    int count = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));)
        count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
    closedir(dir);
    return count;
}

static bool holds(const char *path, const char *content) {
    char *text;
    int64_t size;
    if (!os_read_file(path, 100, &text, &size, NULL)) return false;
    bool same = strcmp(text, content) == 0;
    free(text);
    return same;
}

static bool write_text(const char *path, bool private_mode, const char *content, struct sy_error *err) {
    struct os_writer *writer;
    if (!os_writer_open(path, private_mode, &writer, err)) return false;
    if (!os_writer_write(writer, content, (int64_t)strlen(content), err))
        return os_writer_abandon(writer), false;
    return os_writer_commit(writer, err);
}

TEST(writer_writes_and_replaces) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    test_temp_path(path, "f");
    assert_true(write_text(path, false, "one", NULL));
    assert_true(holds(path, "one"));
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, "two", 3, NULL));
    assert_true(holds(path, "one")); /* until the commit */
    assert_int_equal(files_in(test_temp_dir()), 2);
    assert_true(os_writer_commit(writer, NULL));
    assert_true(holds(path, "two"));
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, "three", 5, NULL));
    os_writer_abandon(writer);
    assert_true(holds(path, "two"));
    assert_int_equal(files_in(test_temp_dir()), 1);
    os_writer_abandon(NULL);
}

/* Law: after random writes and patches the file is what the same steps make of plain memory. */
TEST(writer_random_writes_and_patches) {
    struct random random = random_seed(6);
    char path[TEST_PATH_MAX], *want = malloc(LARGE), *got;
    for (int round = 0; round < 5; ++round) {
        struct os_writer *writer;
        int64_t used = 0, size;
        test_temp_path(path, "f");
        assert_true(os_writer_open(path, false, &writer, NULL));
        for (;;) {
            char bytes[5000], *block = bytes;
            int64_t length = (int64_t)random_below(&random, sizeof bytes);
            if (random_below(&random, 40) == 0) length = (int64_t)random_below(&random, LARGE);
            if (length > (int64_t)sizeof bytes) block = malloc((size_t)length);
            for (int64_t i = 0; i < length; ++i) block[i] = (char)random_u64(&random);
            bool patch = random_below(&random, 4) == 0 && length < used;
            int64_t offset = patch ? (int64_t)random_below(&random, (uint64_t)(used - length)) : used;
            bool full = offset + length > LARGE;
            if (!full) {
                memcpy(want + offset, block, (size_t)length);
                assert_true(patch ? os_writer_patch(writer, offset, block, length, NULL)
                                  : os_writer_write(writer, block, length, NULL));
                used += patch ? 0 : length;
            }
            if (block != bytes) free(block);
            if (full || random_below(&random, 500) == 0) break;
        }
        assert_true(os_writer_commit(writer, NULL));
        assert_true(os_read_file(path, LARGE, &got, &size, NULL));
        assert_int_equal(size, used);
        assert_memory_equal(got, want, (size_t)size);
        free(got);
    }
    free(want);
}

TEST(writer_patches_only_what_is_written) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    struct sy_error err;
    test_temp_path(path, "f");
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, "12345678", 8, NULL));
    assert_true(os_writer_patch(writer, 8, "", 0, &err));
    assert_false(os_writer_patch(writer, 7, "ab", 2, &err) || os_writer_patch(writer, -1, "a", 1, &err) ||
                 os_writer_patch(writer, INT64_MAX, "a", 1, &err));
    assert_int_equal(err.code, SY_ERR_INTERNAL);
    assert_true(os_writer_patch(writer, 2, "ab", 2, &err));
    assert_true(os_writer_commit(writer, NULL));
    assert_true(holds(path, "12ab5678"));
}

TEST(writer_goes_back) {
    char path[TEST_PATH_MAX], *large = calloc(1, LARGE);
    struct os_writer *writer;
    struct sy_error err;
    test_temp_path(path, "f");
    for (int out = 0; out < 2; out++) { /* still in the buffer, and on the disk already */
        assert_true(os_writer_open(path, false, &writer, NULL));
        assert_true(os_writer_write(writer, "12345678", 8, NULL));
        if (out) assert_true(os_writer_write(writer, large, LARGE, NULL));
        assert_false(os_writer_rewind(writer, 9 + (out ? LARGE : 0), &err) ||
                     os_writer_rewind(writer, -1, &err));
        assert_int_equal(err.code, SY_ERR_INTERNAL);
        assert_true(os_writer_rewind(writer, 3, &err));
        assert_true(os_writer_patch(writer, 1, "b", 1, &err));
        assert_true(os_writer_write(writer, "cd", 2, NULL));
        assert_true(os_writer_commit(writer, NULL));
        assert_true(holds(path, "1b3cd"));
    }
    assert_true(os_writer_open("/dev/null", false, &writer, NULL));
    assert_true(os_writer_write(writer, large, LARGE, NULL));
    assert_false(os_writer_rewind(writer, 0, &err));
    os_writer_abandon(writer);
    free(large);
}

TEST(writer_leaves_room) {
    char path[TEST_PATH_MAX], *text;
    int64_t size;
    struct os_writer *writer;
    struct sy_error err;
    test_temp_path(path, "f");
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, "ab", 2, NULL));
    assert_true(os_writer_reserve(writer, 100000, NULL));
    assert_true(os_writer_write(writer, "cd", 2, NULL));
    assert_true(os_writer_reserve(writer, 3, NULL)); /* at the end, too */
    assert_true(os_writer_reserve(writer, 0, NULL));
    assert_true(os_writer_patch(writer, 50000, "x", 1, NULL));
    assert_true(os_writer_patch(writer, 100006, "y", 1, NULL));
    assert_false(os_writer_reserve(writer, INT64_MAX, &err) || os_writer_reserve(writer, -1, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_true(os_writer_commit(writer, NULL));
    assert_true(os_read_file(path, 1 << 20, &text, &size, NULL));
    assert_int_equal(size, 100007);
    char *want = calloc(1, 100007);
    memcpy(want, "ab", 2);
    memcpy(want + 100002, "cd", 2);
    want[50000] = 'x';
    want[100006] = 'y';
    assert_memory_equal(text, want, 100007);
    free(want);
    free(text);
    assert_true(os_writer_open("/dev/null", false, &writer, NULL));
    assert_false(os_writer_reserve(writer, 1, &err));
    os_writer_abandon(writer);
}

TEST(writer_modes) {
    char path[TEST_PATH_MAX];
    struct stat status;
    umask(022);
    test_temp_path(path, "open");
    assert_true(write_text(path, false, "x", NULL));
    assert_true(stat(path, &status) == 0 && (status.st_mode & 0777) == 0644);
    test_temp_path(path, "private");
    assert_true(write_text(path, true, "x", NULL));
    assert_true(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    assert_true(write_text(path, false, "y", NULL)); /* what was kept from others stays kept */
    assert_true(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
    assert_int_equal(chmod(path, 0644), 0);
    assert_true(write_text(path, true, "z", NULL));
    assert_true(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600);
}

TEST(writer_names) {
    char path[TEST_PATH_MAX], link[TEST_PATH_MAX], name[300];
    struct sy_error err;
    struct stat status;
    memset(name, 'n', sizeof name);
    name[255] = 0;
    test_temp_path(path, name); /* the longest there is: the temporary's is cut */
    assert_true(write_text(path, false, "x", NULL));
    assert_true(holds(path, "x"));
    assert_int_equal(chdir(test_temp_dir()), 0);
    assert_true(write_text("bare", false, "y", NULL));
    assert_true(holds("bare", "y"));
    test_temp_path(link, "link");
    assert_int_equal(symlink("bare", link), 0);
    assert_true(write_text(link, false, "through", NULL)); /* the link stays, its target changes */
    assert_true(lstat(link, &status) == 0 && S_ISLNK(status.st_mode));
    assert_true(holds("bare", "through"));
    assert_false(write_text("none/f", false, "x", &err));
    assert_string_equal(err.remedy, "make the folder first");
    assert_string_equal(err.file, "none/f");
    assert_false(write_text(test_temp_dir(), false, "x", &err));
    assert_string_equal(err.message, "is a folder, where a file is to be written");
    assert_false(write_text("", false, "x", &err) || write_text("bare/", false, "x", &err));
}

TEST(writer_direct_targets) {
    char path[TEST_PATH_MAX], text[64] = "";
    struct os_writer *writer;
    struct sy_error err;
    struct stat status;
    int ends[2];
    assert_true(write_text("/dev/null", false, "x", &err));
    assert_true(stat("/dev/null", &status) == 0 && S_ISCHR(status.st_mode));
    assert_false(write_text("/dev/full", false, "x", &err));
    assert_string_equal(err.message, "cannot be written: No space left on device");
    assert_string_equal(err.remedy, "free some space there, or write elsewhere");
    assert_int_equal(pipe(ends), 0);
    snprintf(path, sizeof path, "/dev/fd/%d", ends[1]);
    assert_true(os_writer_open(path, true, &writer, &err));
    assert_true(os_writer_write(writer, "abcd", 4, &err));
    assert_true(os_writer_patch(writer, 1, "X", 1, &err)); /* not out yet */
    assert_true(os_writer_commit(writer, &err));
    assert_int_equal(read(ends[0], text, sizeof text), 4);
    assert_string_equal(text, "aXcd");
    static const char block[1 << 20];
    assert_true(os_writer_open("/dev/null", false, &writer, &err));
    assert_true(os_writer_write(writer, block, sizeof block, &err));
    assert_true(os_writer_patch(writer, 0, "x", 1, &err));
    assert_true(os_writer_write(writer, "x", 1, &err));     /* more than the buffer holds: */
    assert_false(os_writer_patch(writer, 0, "x", 1, &err)); /* gone */
    os_writer_abandon(writer);
    /* A redirected standard output is written where it stands, not replaced. */
    test_temp_path(path, "out");
    int fd = open(path, O_CREAT | O_RDWR, 0600), kept = dup(STDOUT_FILENO);
    assert_int_equal(write(fd, "before ", 7), 7);
    dup2(fd, STDOUT_FILENO);
    bool done = write_text("/dev/stdout", false, "after", &err);
    dup2(kept, STDOUT_FILENO);
    assert_true(done && holds(path, "before after"));
}

/* ---- faults ---- */

static char *large; /* what write_large writes, prepared once */

static bool write_large(const char *path, struct sy_error *err) {
    struct os_writer *writer;
    if (!os_writer_open(path, false, &writer, err)) return false;
    bool good = os_writer_write(writer, "header..", 8, err) && os_writer_write(writer, large, LARGE, err) &&
                os_writer_write(writer, "tail", 4, err) && os_writer_reserve(writer, 5, err) &&
                os_writer_patch(writer, LARGE + 12, "room.", 5, err) &&
                os_writer_patch(writer, 0, "HEADER", 6, err);
    if (good) return os_writer_commit(writer, err);
    os_writer_abandon(writer);
    return false;
}

static bool is_new(const char *path) {
    char *text;
    int64_t size;
    if (!os_read_file(path, 2 * LARGE, &text, &size, NULL)) return false;
    bool same = size == LARGE + 17 && memcmp(text, "HEADER..", 8) == 0 &&
                memcmp(text + 8, large, LARGE) == 0 && memcmp(text + 8 + LARGE, "tailroom.", 9) == 0;
    free(text);
    return same;
}

/* Law: fail call 1, 2, 3, ...: the old file stands and no temporary is left. Only the very last call, which
 * syncs the folder, comes after the new one is in place. Short transfers change nothing at all. */
TEST(writer_meets_every_fault) {
    char path[TEST_PATH_MAX];
    struct sy_error err;
    large = calloc(1, LARGE);
    test_temp_path(path, "f");
    for (int fault = OS_FAULT_FAIL; fault <= OS_FAULT_SHORT; ++fault) {
        int failures = 0, placed = 0;
        for (int64_t at = 1;; ++at) {
            assert_true(write_text(path, false, "old", NULL));
            struct os_fault_plan plan = { (enum os_fault)fault, at, 0 };
            os_fault_install(&plan);
            bool done = write_large(path, &err);
            os_fault_install(NULL);
            assert_int_equal(files_in(test_temp_dir()), 1);
            if (done) {
                assert_true(is_new(path));
            } else {
                ++failures;
                placed += is_new(path);
                assert_true(holds(path, "old") || is_new(path));
                assert_non_null(strstr(err.file, "/f"));
                assert_int_equal(err.code, SY_ERR_IO);
            }
            if (plan.calls < at) break;
        }
        assert_int_equal(placed, fault == OS_FAULT_FAIL);
        assert_int_equal(failures > 5, fault == OS_FAULT_FAIL);
    }
    free(large);
}

/* The same by death: the old file or the new one, whole. A stray temporary is all that may be left. */
TEST(writer_dies_at_every_call) {
    char path[TEST_PATH_MAX];
    large = calloc(1, LARGE);
    test_temp_path(path, "f");
    bool finished = false;
    for (int64_t at = 1; !finished; ++at) {
        int status;
        assert_true(write_text(path, false, "old", NULL));
        pid_t child = fork();
        if (child == 0) {
            struct os_fault_plan plan = { OS_FAULT_DIE, at, 0 };
            os_fault_install(&plan);
            _exit(!write_large(path, NULL));
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        finished = WIFEXITED(status);
        assert_true(finished ? WEXITSTATUS(status) == 0 : WTERMSIG(status) == SIGKILL);
        assert_true(holds(path, "old") || is_new(path));
        if (finished) assert_true(is_new(path));
    }
    free(large);
}

TEST(writer_stays_failed) {
    char path[TEST_PATH_MAX];
    struct os_writer *writer;
    struct sy_error err;
    large = calloc(1, LARGE);
    test_temp_path(path, "f");
    assert_true(os_writer_open(path, false, &writer, &err));
    struct os_fault_plan plan = { OS_FAULT_FAIL, 1, 0 };
    os_fault_install(&plan);
    assert_false(os_writer_write(writer, large, LARGE, &err));
    assert_string_equal(err.message, "cannot be written: No space left on device");
    assert_false(os_writer_write(writer, "x", 1, &err));
    assert_false(os_writer_patch(writer, 0, "x", 1, &err));
    assert_false(os_writer_commit(writer, &err));
    os_fault_install(NULL);
    assert_int_equal(files_in(test_temp_dir()), 0);
    free(large);
}

/* ---- what a killed run leaves ---- */

static int left_by_a_killed_run(const char *path) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct os_writer *writer;
        if (os_writer_open(path, false, &writer, NULL)) kill(getpid(), SIGKILL);
        _exit(1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    return files_in(test_temp_dir());
}

TEST(the_next_writer_removes_what_a_killed_one_left) {
    char path[TEST_PATH_MAX], other[TEST_PATH_MAX], near[TEST_PATH_MAX];
    struct os_writer *one, *two;
    test_temp_path(path, "f");
    test_temp_path(other, "g");
    test_temp_path(near, ".f.abc123.tmpx"); /* nobody's, and not of our pattern */
    assert_int_equal(left_by_a_killed_run(path), 1);
    assert_int_equal(left_by_a_killed_run(other), 2);
    assert_int_equal(left_by_a_killed_run(path), 2); /* it removed the first, and left its own */
    assert_true(write_text(near, false, "x", NULL));
    assert_true(os_writer_open(path, false, &one, NULL));
    assert_int_equal(files_in(test_temp_dir()), 3);
    assert_true(os_writer_open(path, false, &two, NULL)); /* beside one that lives */
    assert_int_equal(files_in(test_temp_dir()), 4);
    assert_true(os_writer_write(one, "1", 1, NULL) && os_writer_write(two, "2", 1, NULL));
    assert_true(os_writer_commit(one, NULL) && holds(path, "1"));
    assert_true(os_writer_commit(two, NULL) && holds(path, "2"));
    assert_int_equal(files_in(test_temp_dir()), 3); /* f, g's stale one, and the near one */
    assert_true(write_text(other, false, "x", NULL));
    assert_int_equal(files_in(test_temp_dir()), 3);
    assert_true(holds(near, "x"));
}

static bool begins_with_f(const char *name) {
    return name[0] == 'f';
}

TEST(what_killed_runs_left_in_a_folder_is_removed_by_name) {
    char path[TEST_PATH_MAX], name[TEST_PATH_MAX] = "";
    test_temp_path(path, "first");
    left_by_a_killed_run(path);
    test_temp_path(path, "g");
    assert_int_equal(left_by_a_killed_run(path), 2);
    os_remove_stale(test_temp_dir(), begins_with_f);
    assert_int_equal(files_in(test_temp_dir()), 1);
    memset(name, 'n', 250); /* longer than what of it goes into the temporary's name */
    test_temp_path(path, name);
    assert_int_equal(left_by_a_killed_run(path), 2);
    assert_true(write_text(path, false, "x", NULL));
    assert_int_equal(files_in(test_temp_dir()), 2);
}
