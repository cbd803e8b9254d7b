/*
 * The program: dispatch, one line for an error, and the exit status.
 *
 *     0 done   1 an input is wrong   2 wrong usage   3 a fault of ours
 *     128 + number of the signal that ended it: 130 Ctrl-C, 143 SIGTERM, 129 SIGHUP
 */
#include "base/os.h"
#include "commands/command.h"
#include "commands/console.h"
#include "commands/list.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static int status_of(enum sy_code code) {
    switch (code) {
    case SY_OK: return 0;
    case SY_ERR_USAGE: return 2;
    case SY_ERR_INTERNAL: return 3;
    case SY_ERR_STOPPED: return 128 + (os_ended_by() ? os_ended_by() : SIGINT);
    default: return 1;
    }
}

/* Somebody read enough of what we wrote (`... --out /dev/stdout | head`) and left: no failure of anybody. */
static bool reader_left(const struct sy_error *err) {
    return err->code == SY_ERR_IO && strstr(err->message, strerror(EPIPE)) != NULL;
}

int main(int argc, char **argv) {
    signal(SIGPIPE, SIG_IGN); /* a closed pipe shows as EPIPE, and is silent */
    signal(SIGXFSZ, SIG_IGN); /* a file beyond ulimit -f shows as EFBIG */
    os_install_sigbus();
    os_install_interrupt();
    struct sy_error err = { 0 };
    bool done = command_dispatch(command_list, argc - 1, argv + (argc > 0), &err);
    if (done) done = console_finish(&err);
    if (done || reader_left(&err)) return 0;
    char line[1024];
    fprintf(stderr, "switchyard: %s\n", console_error_line(&err, line, sizeof line));
    if (err.code == SY_ERR_INTERNAL)
        fprintf(stderr, "switchyard: noticed at %s: please report it\n", err.source);
    return status_of(err.code);
}
