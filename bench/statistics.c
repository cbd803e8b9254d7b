/*
 * What routing statistics cost: steps of one scheduler in turn with and without them, in one process, so that
 * whatever else the machine does hits both alike.
 *
 *     build/statistics-cost MODEL [SEQUENCES] [STEPS]        one thread; the ratio of median processor times
 */
#include "engine/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { STEPS_MOST = 4000, PROMPT = 8 };

static double processor_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool submit(struct scheduler *scheduler, int64_t sequences, int64_t steps, struct sy_error *err) {
    int64_t ids[PROMPT], number;
    for (int64_t s = 0; s < sequences; s++) {
        for (int64_t i = 0; i < PROMPT; i++) ids[i] = (s * 131 + i * 7) % 1000;
        struct sy_request request = {
            .flags = SY_IGNORE_END, .ids = ids, .count = PROMPT, .new_count = 2 * steps + 2
        };
        if (!scheduler_submit(scheduler, &request, &number, err)) return false;
    }
    return true;
}

/* seconds[0]: without statistics, seconds[1]: with. */
static bool measure(struct scheduler *scheduler, struct session *session, int64_t steps,
                    double seconds[2][STEPS_MOST], struct sy_error *err) {
    int64_t active;
    if (!scheduler_step(scheduler, &active, err)) return false; /* the prompts */
    for (int64_t i = 0; i < 2 * steps; i++) {
        pass_count(session->pass, i % 2 ? &session->stats : NULL);
        double begin = processor_seconds();
        if (!scheduler_step(scheduler, &active, err)) return false;
        seconds[i % 2][i / 2] = processor_seconds() - begin;
    }
    return true;
}

int main(int argc, char **argv) {
    static double seconds[2][STEPS_MOST];
    int64_t sequences = argc > 2 ? atoll(argv[2]) : 1, steps = argc > 3 ? atoll(argv[3]) : 200;
    struct session_options options = {
        .threads = 1, .kv = -1, .cpu = LEVEL_COUNT - 1, .sequences = sequences, .context = 2 * steps + 64
    };
    static struct session session;
    struct scheduler *scheduler = NULL;
    struct sy_error err = { 0 };
    if (argc < 2 || sequences < 1 || steps < 1 || steps > STEPS_MOST) {
        fprintf(stderr, "usage: statistics-cost MODEL [SEQUENCES] [STEPS, at most %d]\n", STEPS_MOST);
        return 2;
    }
    bool done =
        session_open(argv[1], &options, &session, &err) && scheduler_open(&session, NULL, &scheduler, &err) &&
        submit(scheduler, sequences, steps, &err) && measure(scheduler, &session, steps, seconds, &err);
    if (done) {
        for (int on = 0; on < 2; on++) qsort(seconds[on], (size_t)steps, sizeof(double), ascending);
        double off = seconds[0][steps / 2], on = seconds[1][steps / 2];
        printf("%lld sequences, %lld steps of each kind: %.3f ms without, %.3f ms with: %+.2f %%\n",
               (long long)sequences, (long long)steps, off * 1e3, on * 1e3, (on / off - 1) * 100);
    } else
        fprintf(stderr, "%s\n", err.message);
    scheduler_close(scheduler);
    session_close(&session);
    return !done;
}
