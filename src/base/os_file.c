/*
 * Reading small files whole, and questions about paths. Files that another program still writes into, or that
 * claim no size (those of /proc), are read until they end; the bound holds for what arrives, not for what was
 * announced.
 */
#include "base/os.h"
#include "base/os_fault.h"
#include "base/os_parts.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES_MIN 65536

static bool read_fails(int64_t limit, int64_t size, struct sy_error *err) {
    if (size > limit)
        sy_fail(err, SY_ERR_LIMIT, "%s than %lld bytes, the limit", "is larger", (long long)limit);
    else
        sy_fail_errno(err, errno == ENOMEM ? SY_ERR_MEMORY : SY_ERR_IO, "cannot be read");
    return false;
}

/* Waits until fd has something to say. Ctrl-C and its like end the wait. */
static bool wait_readable(int fd, struct sy_error *err) {
    return wait_ready(fd, POLLIN) || sy_fail(err, SY_ERR_STOPPED, "interrupted");
}

/* All of fd, which stays open; `expected` is a hint. A blocking fd is waited for before each read, so that
 * Ctrl-C gets through; any other only when it says so: a pipe that nobody ever wrote to would be waited for
 * without end. */
static bool read_all(int fd, int64_t expected, int64_t limit, bool blocking, char **out, int64_t *size,
                     struct sy_error *err) {
    if (limit > INT64_MAX / 4) limit = INT64_MAX / 4;
    int64_t room = (expected < limit ? expected : limit) + 2,
            used = 0; /* the end shows itself, and the NUL */
    if (room < READ_BYTES_MIN) room = READ_BYTES_MIN;
    char *text = malloc((size_t)room);
    for (bool ended = false; text && !ended;) {
        if (used + 1 >= room) {
            char *larger = realloc(text, (size_t)(room *= 2));
            if (!larger) break;
            text = larger;
        }
        if (blocking && !wait_readable(fd, err)) return free(text), false;
        ssize_t got = call_read(fd, text + used, (size_t)(room - used - 1));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && errno == EAGAIN) {
            if (!wait_readable(fd, err)) return free(text), false;
            continue;
        }
        if (got < 0) break;
        used += got;
        if (used > limit) break;
        if (got > 0) continue;
        text[used] = 0;
        *out = text;
        *size = used;
        return true;
    }
    if (!text) errno = ENOMEM;
    read_fails(limit, used, err);
    free(text);
    return false;
}

bool os_read_file(const char *path, int64_t limit, char **text, int64_t *size, struct sy_error *err) {
    struct stat status;
    int fd = call_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) return sy_fail_errno(err, SY_ERR_IO, "cannot be opened"), sy_error_in(err, path);
    bool done = false;
    if (fstat(fd, &status) != 0)
        sy_fail_errno(err, SY_ERR_IO, "cannot be examined");
    else if (S_ISDIR(status.st_mode))
        sy_fail(err, SY_ERR_IO, "is a folder, where a file is wanted");
    else if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) /* <(command) gives a pipe */
        sy_fail(err, SY_ERR_IO, "is a device, where a file is wanted");
    else
        done = read_all(fd, status.st_size, limit, false, text, size, err);
    close(fd);
    return done || sy_error_in(err, path);
}

enum os_stdin os_stdin_state(int seconds) {
    struct stat status;
    struct pollfd wanted = { .fd = STDIN_FILENO, .events = POLLIN };
    if (fstat(STDIN_FILENO, &status) != 0 || S_ISCHR(status.st_mode) || S_ISDIR(status.st_mode))
        return OS_STDIN_NONE;
    if (S_ISREG(status.st_mode) || seconds == 0) return OS_STDIN_READY;
    return poll(&wanted, 1, seconds * 1000) == 0 ? OS_STDIN_SILENT : OS_STDIN_READY;
}

static ssize_t read_stream(void *cookie, char *bytes, size_t size) {
    (void)cookie;
    if (wait_ready(STDIN_FILENO, POLLIN)) return call_read(STDIN_FILENO, bytes, size);
    errno = EINTR;
    return -1;
}

bool os_open_stdin(FILE **out, struct sy_error *err) {
    *out = fopencookie(NULL, "r", (cookie_io_functions_t){ .read = read_stream });
    return *out || sy_fail(err, SY_ERR_MEMORY, "no memory for reading standard input");
}

int os_type_stdin(unsigned char *byte) {
    if (!wait_readable(STDIN_FILENO, NULL)) return os_interrupted() ? -1 : 0;
    return read(STDIN_FILENO, byte, 1) == 1;
}

bool os_read_stdin(int64_t limit, char **text, int64_t *size, struct sy_error *err) {
    return read_all(STDIN_FILENO, 0, limit, true, text, size, err) || sy_error_in(err, "standard input");
}

bool os_list_folder(const char *path, bool (*visit)(void *argument, const char *name), void *argument,
                    struct sy_error *err) {
    DIR *list = opendir(path);
    if (!list) return sy_fail_errno(err, SY_ERR_IO, "the folder cannot be listed"), sy_error_in(err, path);
    bool more = true;
    for (const struct dirent *entry; more && (entry = readdir(list));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            more = visit(argument, entry->d_name);
    closedir(list);
    return true;
}

bool os_is_folder(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool os_is_file(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

bool os_is_there(const char *path) {
    struct stat status;
    return stat(path, &status) == 0;
}

bool os_may_read(const char *path) {
    return access(path, R_OK) == 0;
}

int64_t os_file_bytes(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) ? (int64_t)status.st_size : 0;
}

bool os_is_same(const char *a, const char *b) {
    struct stat one, two;
    return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev && one.st_ino == two.st_ino;
}

bool os_make_folder(const char *path, struct sy_error *err) {
    if (call_mkdir(path, 0777) == 0 || (errno == EEXIST && os_is_folder(path))) return true;
    int number = errno;
    if (!path[0]) {
        sy_fail(err, SY_ERR_INPUT, "a folder without a name");
        return sy_error_remedy(err, "name the folder to make");
    }
    if (number == EEXIST) {
        sy_fail(err, SY_ERR_IO, "is a file, where a folder is to be made");
        sy_error_remedy(err, "name another folder");
    } else {
        sy_fail_errno(err, SY_ERR_IO, "the folder cannot be made");
        sy_error_remedy(err, "%s",
                        number == ENOENT ? "make the folder above it first" : write_remedy(number));
    }
    return sy_error_in(err, path);
}
