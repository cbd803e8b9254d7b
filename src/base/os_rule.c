/*
 * What may be written over: one rule for all writers.
 *
 *     nothing there, or an empty file     written
 *     a pipe, a device                    written as it is
 *     a folder                            refused
 *     a file that this process has mapped refused: it is an input of the run
 *     a file of the writer's own kind     replaced
 *     any other file                      refused, unless the user asked for it
 *
 * A kind is told by the file's first bytes, which its writer puts there: a name proves nothing, and a file of
 * the same format may be somebody's only copy.
 */
#include "base/os.h"
#include "base/os_fault.h"
#include "base/os_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *write_remedy(int number) {
    switch (number) {
    case ENOSPC: return "free some space there, or write elsewhere";
    case EDQUOT: return "your quota there is used up: remove something, or write elsewhere";
    case EFBIG:
        return "the file system or a limit (ulimit -f) allows no larger file: write elsewhere, or raise it";
    case ENOENT: return "make the folder first";
    case ENOTDIR: return "a part of the path is a file: write elsewhere";
    case ENAMETOOLONG: return "give it a shorter name";
    case EACCES:
    case EPERM: return "write to a folder that you may change";
    case EROFS: return "write to a file system that is not read-only";
    default: return "";
    }
}

int path_descriptor(const char *path) {
    int fd = -1, used = 0;
    if (strcmp(path, "/dev/stdout") == 0) return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0) return STDERR_FILENO;
    if (sscanf(path, "/dev/fd/%9d%n", &fd, &used) == 1 && path[used] == 0) return fd;
    if (sscanf(path, "/proc/self/fd/%9d%n", &fd, &used) == 1 && path[used] == 0) return fd;
    return -1;
}

/* ---- what stands there ---- */

static int64_t read_head(const char *path, unsigned char head[OS_HEAD_BYTES]) {
    int64_t size = 0;
    int fd = call_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0) return 0;
    for (ssize_t got; size < OS_HEAD_BYTES; size += got) {
        got = call_read(fd, head + size, (size_t)(OS_HEAD_BYTES - size));
        if (got < 0 && errno == EINTR)
            got = 0;
        else if (got <= 0)
            break;
    }
    close(fd);
    return size;
}

static bool begins(const unsigned char *head, int64_t size, const char *with) {
    return size >= (int64_t)strlen(with) && memcmp(head, with, strlen(with)) == 0;
}

static bool is_text(const unsigned char *head, int64_t size) {
    for (int64_t i = 0; i < size; i++)
        if (head[i] < ' ' && !strchr("\t\n\r\f\033", head[i])) return false;
    return size > 0;
}

/* For people, who know then whether they want to keep it. */
static const char *look_of(const unsigned char *head, int64_t size) {
    if (begins(head, size, "GGUF")) return "a GGUF model";
    if (begins(head, size, "\x89PNG")) return "a PNG picture";
    if (begins(head, size, "PK\3\4")) return "a zip archive";
    if (size > 9 && !head[4] && !head[5] && !head[6] && !head[7] && head[8] == '{') return "safetensors";
    return is_text(head, size) ? "text" : "data";
}

static bool refuse(const struct os_rule *rule, const char *path, const char *look, int64_t size,
                   struct sy_error *err) {
    sy_fail(err, SY_ERR_INPUT, "is there already (%s, %lld bytes)%s%s", look, (long long)size,
            rule->kind ? ", not a " : "", rule->kind ? rule->kind->what : "");
    sy_error_in(err, path);
    if (!rule->ask) return sy_error_remedy(err, "write to another file");
    return sy_error_remedy(err, "name another, or %s to replace it", rule->ask);
}

bool refuse_folder(const char *path, struct sy_error *err) {
    sy_fail(err, SY_ERR_IO, "is a folder, where a file is to be written");
    sy_error_remedy(err, "name a file in it");
    return sy_error_in(err, path);
}

bool rule_allows(const struct os_rule *rule, const char *path, const struct stat *former,
                 struct sy_error *err) {
    unsigned char head[OS_HEAD_BYTES];
    if (map_holds(former)) {
        sy_fail(err, SY_ERR_INPUT, "is an input of this run");
        sy_error_remedy(err, "write to another file");
        return sy_error_in(err, path);
    }
    if (rule->force || former->st_size == 0) return true;
    int64_t size = read_head(path, head);
    if (rule->kind && rule->kind->is(head, size)) return true;
    return refuse(rule, path, look_of(head, size), former->st_size, err);
}

/* ---- before the work ---- */

bool os_may_write(const char *path, const struct os_rule *rule, struct sy_error *err) {
    struct stat former;
    char folder[4200];
    if (path_descriptor(path) >= 0) return true;
    if (!path[0]) {
        sy_fail(err, SY_ERR_INPUT, "a file without a name");
        return sy_error_remedy(err, "name the file to write");
    }
    if (stat(path, &former) == 0) {
        if (S_ISREG(former.st_mode)) return rule_allows(rule, path, &former, err);
        return !S_ISDIR(former.st_mode) || refuse_folder(path, err);
    }
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
    if (errno == ENOENT && access(folder, W_OK | X_OK) == 0) return true;
    int number = errno;
    sy_fail_errno(err, SY_ERR_IO, "cannot be written");
    sy_error_remedy(err, "%s", write_remedy(number));
    return sy_error_in(err, path);
}
