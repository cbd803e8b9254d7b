/*
 * The signals that ask a program to end: Ctrl-C (SIGINT), kill (SIGTERM), a terminal that is gone (SIGHUP).
 * The first sets a flag that long work looks at between its steps, so that what is finished is kept and what
 * is half written is removed. The second, of any kind, removes the temporaries itself and kills in the
 * ordinary way. So does time, where the work at hand is one long step and nobody is there to ask twice
 * (SIGTERM, SIGHUP): those who send SIGTERM send SIGKILL some seconds later. The flag is
 * global because a signal handler is called with nothing else.
 *
 * The program then ends with 128 + the signal's number, which is what a shell reports of one that the signal
 * killed: 130, 143, 129.
 */
#include "base/os.h"
#include "base/os_parts.h"
#include "base/os_terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define GRACE_SECONDS 5

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { ENDING = sizeof ending / sizeof ending[0] };

static atomic_int ended_by; /* 0: none yet; lock-free, hence allowed in a handler */

static void die_of(int number) {
    os_terminal_restore();
    temporaries_unlink();
    signal(number, SIG_DFL); /* it kills once its handler has returned */
    raise(number);
}

static void on_time_over(int number) {
    (void)number;
    die_of(atomic_load(&ended_by));
}

static void on_interrupt(int number) {
    int none = 0;
    if (!atomic_compare_exchange_strong(&ended_by, &none, number)) {
        die_of(number);
    } else if (number != SIGINT) {
        signal(SIGALRM, on_time_over);
        alarm(GRACE_SECONDS);
    }
}

void os_install_interrupt(void) {
    /* Restarting: a half-written line on stdout is not lost to EINTR. Waits notice all the same. */
    struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = SA_RESTART }, former;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < ENDING; ++i) sigaddset(&action.sa_mask, ending[i]);
    for (int i = 0; i < ENDING; ++i) {
        bool nohup =
            ending[i] == SIGHUP && sigaction(SIGHUP, NULL, &former) == 0 && former.sa_handler == SIG_IGN;
        if (!nohup) sigaction(ending[i], &action, NULL);
    }
    int pressed = SIGINT; /* whoever asked to end by another means it */
    atomic_compare_exchange_strong(&ended_by, &pressed, 0);
}

bool os_interrupted(void) {
    return atomic_load(&ended_by) != 0;
}

int os_ended_by(void) {
    return atomic_load(&ended_by);
}

bool os_must_end(void) {
    int number = atomic_load(&ended_by);
    return number != 0 && number != SIGINT;
}

bool wait_ready(int fd, short events) {
    struct pollfd wanted = { .fd = fd, .events = events };
    sigset_t those, former;
    bool ready = false;
    sigemptyset(&those);
    for (int i = 0; i < ENDING; ++i) sigaddset(&those, ending[i]);
    pthread_sigmask(SIG_BLOCK, &those, &former); /* a signal comes before the look, or into the wait */
    while (!ready && !os_interrupted()) ready = ppoll(&wanted, 1, NULL, &former) >= 0 || errno != EINTR;
    pthread_sigmask(SIG_SETMASK, &former, NULL);
    return ready;
}
