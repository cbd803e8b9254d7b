/*
 * Ctrl-C: the first sets a flag that long work looks at between its steps; the handler is then gone, so that
 * a second one kills in the ordinary way. The flag is global because a signal handler is called with nothing
 * else.
 */
#include "base/os.h"
#include "base/os_terminal.h"
#include <signal.h>
#include <stdatomic.h>

static atomic_bool interrupted; /* lock-free, hence allowed in a handler */

static void on_interrupt(int number) {
    (void)number;
    atomic_store(&interrupted, true);
    os_terminal_restore(); /* the next one ends the program */
}

void os_install_interrupt(void) {
    /* Restarting: a half-written line on stdout is not lost to EINTR. os_read_stdin notices all the same. */
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND | SA_RESTART };
    sigemptyset(&action.sa_mask);
    atomic_store(&interrupted, false);
    sigaction(SIGINT, &action, NULL);
}

bool os_interrupted(void) {
    return atomic_load(&interrupted);
}
