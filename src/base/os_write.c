/*
 * Writing a file so that it appears whole or not at all:
 *
 *     .NAME.x7k2qp.tmp <- write ... write  in the target's folder, so that renaming cannot cross file systems
 *     fsync                                the bytes are on the disk before the name points at them
 *     rename over the target               in one step
 *     fsync folder                         the name is on the disk too
 *
 * All names are relative to the folder's descriptor: nothing that happens to the path meanwhile can divert
 * the rename. Pipes, devices and the descriptors under /dev are no files that could be replaced; they are
 * written as they are.
 */
#include "base/os.h"
#include "base/os_fault.h"
#include "base/os_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_BYTES ((int64_t)1 << 20)
#define READER_MS    50 /* between two looks whether somebody reads a pipe */

struct os_writer {
    char *shown;                     /* the target as the user named it, for errors */
    char *path, *name;               /* the target, links followed; name: its last part */
    struct os_rule rule;             /* about what stands there */
    char temporary[TEMPORARY_BYTES]; /* empty when written directly */
    int folder, fd;
    char *buffer; /* BUFFER_BYTES, not yet written */
    int64_t buffered, flushed;
    bool is_pipe; /* whose reader may keep us waiting, with nothing but a signal to end that */
    bool failed;
};

/* ---- errors ---- */

static bool writer_fails(struct os_writer *writer, struct sy_error *err, const char *what) {
    int number = errno;
    sy_fail_errno(err, SY_ERR_IO, "%s", what);
    sy_error_in(err, writer->shown);
    writer->failed = true;
    return sy_error_remedy(err, "%s", write_remedy(number));
}

/* ---- opening ---- */

/* Folder, name and temporary of a target that is, or will be, a regular file. */
static bool open_aside(struct os_writer *writer, const struct stat *former, struct sy_error *err) {
    struct stat link;
    bool private_mode = writer->rule.private_mode;
    if (former && lstat(writer->path, &link) == 0 && S_ISLNK(link.st_mode)) { /* replace what it points at */
        char *real = realpath(writer->path, NULL);
        if (!real) return writer_fails(writer, err, "the link cannot be followed");
        free(writer->path);
        writer->path = real;
    }
    char *slash = strrchr(writer->path, '/');
    writer->name = slash ? slash + 1 : writer->path;
    if (!writer->name[0] || strcmp(writer->name, ".") == 0 || strcmp(writer->name, "..") == 0) {
        sy_fail(err, SY_ERR_IO, "is no name for a file");
        sy_error_remedy(err, "name the file to write");
        return sy_error_in(err, writer->shown);
    }
    if (slash) *slash = 0; /* the folder alone, just for this call */
    const char *folder = !slash ? "." : writer->path[0] ? writer->path : "/";
    writer->folder = call_openat(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (slash) *slash = '/';
    if (writer->folder < 0) return writer_fails(writer, err, "its folder cannot be opened");
    temporaries_sweep_of(writer->folder, writer->name);
    writer->fd = temporary_make(writer->folder, writer->name, private_mode ? 0600 : 0666, writer->temporary);
    if (writer->fd < 0) return writer_fails(writer, err, "no file can be made in its folder");
    /* Who could not read the former file shall not read the new one. */
    if (former && !private_mode && fchmod(writer->fd, former->st_mode & 0777) != 0)
        return writer_fails(writer, err, "its permissions cannot be kept");
    return true;
}

static bool stopped(struct os_writer *writer, struct sy_error *err) {
    writer->failed = true;
    return sy_fail(err, SY_ERR_STOPPED, "interrupted");
}

/* A pipe or a device. A pipe that nobody reads yet is waited for. */
static bool open_standing(struct os_writer *writer, struct sy_error *err) {
    int flags = O_WRONLY | O_CLOEXEC | O_NOCTTY | (writer->is_pipe ? O_NONBLOCK : 0);
    while ((writer->fd = call_openat(AT_FDCWD, writer->path, flags, 0)) < 0 && errno == ENXIO &&
           writer->is_pipe) {
        if (os_interrupted()) return stopped(writer, err);
        poll(NULL, 0, READER_MS);
    }
    return writer->fd >= 0 || writer_fails(writer, err, "cannot be opened for writing");
}

static bool open_target(struct os_writer *writer, struct sy_error *err) {
    struct stat former;
    int standing = path_descriptor(writer->path);
    if (standing >= 0) {
        writer->fd = fcntl(standing, F_DUPFD_CLOEXEC, 3);
        writer->is_pipe = fstat(writer->fd, &former) == 0 && S_ISFIFO(former.st_mode);
        return writer->fd >= 0 || writer_fails(writer, err, "cannot be written");
    }
    bool exists = stat(writer->path, &former) == 0;
    if (exists && S_ISDIR(former.st_mode)) return refuse_folder(writer->shown, err);
    if (!exists && errno != ENOENT) return writer_fails(writer, err, "cannot be written");
    if (exists && S_ISREG(former.st_mode) && !rule_allows(&writer->rule, writer->path, &former, err))
        return false;
    if (!exists || S_ISREG(former.st_mode)) return open_aside(writer, exists ? &former : NULL, err);
    writer->is_pipe = S_ISFIFO(former.st_mode);
    return open_standing(writer, err);
}

bool os_writer_open_by(const struct os_rule *rule, const char *path, struct os_writer **out,
                       struct sy_error *err) {
    struct os_writer *writer = calloc(1, sizeof *writer);
    if (writer) {
        writer->rule = *rule;
        writer->fd = writer->folder = -1;
        writer->shown = strdup(path);
        writer->path = strdup(path);
        writer->buffer = malloc((size_t)BUFFER_BYTES);
    }
    if (!writer || !writer->shown || !writer->path || !writer->buffer) {
        sy_fail(err, SY_ERR_MEMORY, "the system has no memory for a buffer");
        sy_error_in(err, path);
    } else if (open_target(writer, err)) {
        *out = writer;
        return true;
    }
    os_writer_abandon(writer);
    return false;
}

bool os_writer_open(const char *path, bool private_mode, struct os_writer **out, struct sy_error *err) {
    const struct os_rule any = { .private_mode = private_mode, .force = true };
    return os_writer_open_by(&any, path, out, err);
}

/* ---- writing ---- */

/* `offset` < 0: where the descriptor stands. */
static bool write_all(struct os_writer *writer, const char *bytes, int64_t size, int64_t offset,
                      struct sy_error *err) {
    while (size > 0) {
        /* What a pipe is ready for is at least PIPE_BUF bytes. */
        size_t now = writer->is_pipe && size > PIPE_BUF ? PIPE_BUF : (size_t)size;
        if (writer->is_pipe && !wait_ready(writer->fd, POLLOUT)) return stopped(writer, err);
        ssize_t written = offset < 0 ? call_write(writer->fd, bytes, now)
                                     : call_pwrite(writer->fd, bytes, (size_t)size, offset);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0 && errno == EAGAIN) { /* somebody made our standard output non-blocking */
            struct pollfd wanted = { .fd = writer->fd, .events = POLLOUT };
            poll(&wanted, 1, -1);
            continue;
        }
        if (written < 0) return writer_fails(writer, err, "cannot be written");
        bytes += written;
        size -= written;
        if (offset >= 0) offset += written;
    }
    return true;
}

static bool flush(struct os_writer *writer, struct sy_error *err) {
    if (!write_all(writer, writer->buffer, writer->buffered, -1, err)) return false;
    writer->flushed += writer->buffered;
    writer->buffered = 0;
    return true;
}

static bool may_write(struct os_writer *writer, struct sy_error *err) {
    if (!writer->failed) return true;
    sy_fail(err, SY_ERR_IO, "an earlier part could not be written");
    return sy_error_in(err, writer->shown);
}

bool os_writer_write(struct os_writer *writer, const void *bytes, int64_t size, struct sy_error *err) {
    if (!may_write(writer, err)) return false;
    if (size > BUFFER_BYTES - writer->buffered) {
        if (!flush(writer, err)) return false;
        if (size >= BUFFER_BYTES) {
            if (!write_all(writer, bytes, size, -1, err)) return false;
            writer->flushed += size;
            return true;
        }
    }
    if (size > 0) memcpy(writer->buffer + writer->buffered, bytes, (size_t)size);
    writer->buffered += size;
    return true;
}

static bool cannot_go_back(const struct os_writer *writer, struct sy_error *err) {
    sy_fail(err, SY_ERR_IO, "is no file, and what went out cannot be changed any more");
    sy_error_remedy(err, "write to an ordinary file");
    return sy_error_in(err, writer->shown);
}

/* Blocks are claimed now where the file system can: a full disk then shows here, not in the last patch. */
static bool claim(int fd, int64_t from, int64_t size) {
    if (size == 0 || call_fallocate(fd, from, size) == 0) return true;
    bool unable = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL;
    return unable && call_ftruncate(fd, from + size) == 0;
}

bool os_writer_reserve(struct os_writer *writer, int64_t size, struct sy_error *err) {
    if (!may_write(writer, err)) return false;
    if (!writer->temporary[0]) return cannot_go_back(writer, err);
    if (!flush(writer, err)) return false;
    if (size < 0 || size > INT64_MAX - writer->flushed) {
        sy_fail(err, SY_ERR_LIMIT, "%lld bytes more are no size for a file", (long long)size);
        return sy_error_in(err, writer->shown);
    }
    int64_t end = writer->flushed + size;
    if (!claim(writer->fd, writer->flushed, size) || lseek(writer->fd, end, SEEK_SET) != end)
        return writer_fails(writer, err, "no room can be made for its data");
    writer->flushed = end;
    return true;
}

bool os_writer_patch(struct os_writer *writer, int64_t offset, const void *bytes, int64_t size,
                     struct sy_error *err) {
    if (!may_write(writer, err)) return false;
    int64_t written = writer->flushed + writer->buffered;
    if (offset < 0 || size < 0 || offset > written || size > written - offset) {
        sy_fail(err, SY_ERR_INTERNAL, "%lld bytes at %lld are patched, of %lld written", (long long)size,
                (long long)offset, (long long)written);
        return sy_error_in(err, writer->shown);
    }
    if (size == 0) return true;
    if (offset >= writer->flushed) {
        memcpy(writer->buffer + (offset - writer->flushed), bytes, (size_t)size);
        return true;
    }
    if (!writer->temporary[0]) return cannot_go_back(writer, err);
    return flush(writer, err) && write_all(writer, bytes, size, offset, err);
}

bool os_writer_rewind(struct os_writer *writer, int64_t size, struct sy_error *err) {
    if (!may_write(writer, err)) return false;
    if (size < 0 || size > writer->flushed + writer->buffered) {
        sy_fail(err, SY_ERR_INTERNAL, "back to %lld bytes, of %lld written", (long long)size,
                (long long)(writer->flushed + writer->buffered));
        return sy_error_in(err, writer->shown);
    }
    if (size >= writer->flushed) {
        writer->buffered = size - writer->flushed;
        return true;
    }
    if (!writer->temporary[0]) return cannot_go_back(writer, err);
    writer->buffered = 0;
    if (call_ftruncate(writer->fd, size) != 0 || lseek(writer->fd, size, SEEK_SET) != size)
        return writer_fails(writer, err, "cannot be cut");
    writer->flushed = size;
    return true;
}

/* ---- the end ---- */

/* Some file systems cannot sync this kind of thing, and say so; that is no failure to write. */
static bool synced(int fd) {
    return call_fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS;
}

/* The name, from the temporary to the target. Meanwhile a file may have appeared there: the rule is asked
 * once more, and where there is nothing to replace nothing is. */
static bool rename_by_rule(struct os_writer *writer, struct sy_error *err) {
    struct stat now;
    bool exists = stat(writer->path, &now) == 0;
    if (exists && S_ISREG(now.st_mode) && !rule_allows(&writer->rule, writer->path, &now, err)) {
        writer->failed = true;
        return false;
    }
    bool leads_nowhere = !exists && lstat(writer->path, &now) == 0 && S_ISLNK(now.st_mode);
    bool may_replace = exists || leads_nowhere || writer->rule.force;
    return call_renameat(writer->folder, writer->temporary, writer->name, may_replace) == 0 ||
           writer_fails(writer, err, "the finished file cannot be put in its place");
}

static bool put_in_place(struct os_writer *writer, struct sy_error *err) {
    if (!synced(writer->fd)) return writer_fails(writer, err, "cannot be brought to the disk");
    int fd = writer->fd;
    writer->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3); /* holds the lock until the temporary has its name */
    if (close(fd) != 0 && errno != EINTR) return writer_fails(writer, err, "cannot be brought to the disk");
    if (!rename_by_rule(writer, err)) return false;
    temporary_forget(writer->folder, writer->temporary);
    writer->temporary[0] = 0;
    if (!synced(writer->folder))
        return writer_fails(writer, err, "is written, but its folder cannot be brought to the disk");
    return true;
}

bool os_writer_commit(struct os_writer *writer, struct sy_error *err) {
    bool done =
        may_write(writer, err) && flush(writer, err) && (!writer->temporary[0] || put_in_place(writer, err));
    os_writer_abandon(writer); /* after success only memory and descriptors are left */
    return done;
}

void os_writer_abandon(struct os_writer *writer) {
    if (!writer) return;
    /* Not through the fault plan: this is how a failure is survived, and its own failure could only leave a
     * stray file. */
    if (writer->temporary[0]) {
        unlinkat(writer->folder, writer->temporary, 0);
        temporary_forget(writer->folder, writer->temporary);
    }
    if (writer->fd >= 0) close(writer->fd);
    if (writer->folder >= 0) close(writer->folder);
    free(writer->buffer);
    free(writer->path);
    free(writer->shown);
    free(writer);
}
