/*
 * Echo off and on again. What was there before is kept in a global, because a signal handler has nothing
 * else.
 */
#include "base/os_terminal.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;
static atomic_bool saved; /* lock-free: whether `before` holds something */

int os_terminal_columns(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void os_terminal_quiet(void) {
    struct termios now;
    if (tcgetattr(STDIN_FILENO, &now) != 0) return;
    if (!atomic_load(&saved)) before = now;
    atomic_store(&saved, true);
    now.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
    now.c_cc[VMIN] = 1;
    now.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSANOW, &now);
}

void os_terminal_restore(void) {
    int kept = errno;
    if (atomic_load(&saved)) tcsetattr(STDIN_FILENO, TCSANOW, &before);
    errno = kept;
}
