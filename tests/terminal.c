#include "terminal.h"
#include "test.h"

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SEEN_MAX = 1 << 18, WAIT_SECONDS = 60 };

struct terminal {
    int fd;
    pid_t pid;
    size_t size, waited; /* bytes seen; of these, waited for */
    char seen[SEEN_MAX + 1], part[SEEN_MAX + 1];
};

struct terminal *terminal_start(int columns, const char *const *arguments) {
    static struct terminal terminal; /* one a test */
    const char *argv[32] = { SY_BUILD_ROOT "/switchyard" };
    struct winsize size = { .ws_row = 24, .ws_col = (unsigned short)columns };
    for (size_t i = 0; arguments[i]; i++) argv[i + 1] = arguments[i];
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    unsetenv("NO_COLOR");
    terminal = (struct terminal){ .fd = -1 };
    terminal.pid = forkpty(&terminal.fd, NULL, NULL, &size);
    if (terminal.pid < 0) test_skip("no pseudo-terminal here: %s", strerror(errno));
    if (terminal.pid == 0) {
        execv(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return &terminal;
}

void terminal_type(struct terminal *t, const char *bytes) {
    for (size_t size = strlen(bytes); size > 0;) {
        ssize_t written = write(t->fd, bytes, size);
        if (written < 0 && errno == EINTR) continue;
        assert_true(written > 0);
        bytes += written;
        size -= (size_t)written;
    }
}

/* Reads what there is within a second; false at the end. */
static bool read_more(struct terminal *t) {
    struct pollfd wanted = { .fd = t->fd, .events = POLLIN };
    if (poll(&wanted, 1, 1000) <= 0) return true;
    ssize_t got = read(t->fd, t->seen + t->size, SEEN_MAX - t->size);
    if (got <= 0) return false; /* Linux: EIO once the other end is closed */
    t->size += (size_t)got;
    t->seen[t->size] = 0;
    return true;
}

const char *terminal_wait(struct terminal *t, const char *text) {
    for (int i = 0; i < 1000 * WAIT_SECONDS; i++) {
        const char *from = t->seen + t->waited, *found = strstr(from, text);
        if (found) {
            size_t length = (size_t)(found - from) + strlen(text);
            memcpy(t->part, from, length);
            t->part[length] = 0;
            t->waited += length;
            return t->part;
        }
        size_t before = t->size;
        if (!read_more(t)) break;
        if (t->size == before && i >= WAIT_SECONDS) break;
    }
    fail_msg("'%s' never came; since the last wait: %s", text, t->seen + t->waited);
    return "";
}

int terminal_end(struct terminal *t) {
    int status = -1;
    terminal_type(t, "\004");
    while (read_more(t) && waitpid(t->pid, &status, WNOHANG) == 0) {
    }
    if (status == -1) waitpid(t->pid, &status, 0);
    while (read_more(t) && t->size < SEEN_MAX) {
        struct pollfd wanted = { .fd = t->fd, .events = POLLIN };
        if (poll(&wanted, 1, 0) <= 0) break;
    }
    close(t->fd);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
