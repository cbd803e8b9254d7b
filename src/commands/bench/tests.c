#include "commands/bench/tests.h"

#include "base/os.h"

#include <stdlib.h>
#include <string.h>

#define PROMPT_ALONE 32 /* ids before the steps of one sequence, */
#define PROMPT_EACH  8  /* and of each of several */

static int64_t prompt_of(const struct bench_test *test) {
    return !test->steps ? test->length : test->batch == 1 ? PROMPT_ALONE : PROMPT_EACH;
}

int64_t bench_positions(const struct bench_test *test) {
    return prompt_of(test) + (test->steps ? test->length : 0);
}

/* ---- feeding ---- */

static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    (void)argument, (void)feed, (void)index, (void)logits, (void)err;
    return true;
}

static bool take_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    (void)err;
    bench_work_route(argument, row);
    return true;
}

struct sequences {
    struct feed *feeds; /* [count] */
    int64_t *ids;       /* [count, positions] */
    int64_t count;
};

static void sequences_close(struct sequences *s) {
    for (int64_t i = 0; s->feeds && i < s->count; i++) kv_sequence_close(s->feeds[i].sequence);
    free(s->feeds);
    free(s->ids);
}

static bool sequences_open(struct session *session, struct random *random, const struct bench_test *test,
                           struct sequences *s, struct sy_error *err) {
    int64_t each = bench_positions(test);
    *s = (struct sequences){ .count = test->batch };
    s->feeds = calloc((size_t)s->count, sizeof *s->feeds);
    s->ids = calloc((size_t)(s->count * each), sizeof *s->ids);
    if (!s->feeds || !s->ids)
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)(s->count * each));
    for (int64_t i = 0; i < s->count * each; i++)
        s->ids[i] = (int64_t)random_below(random, (uint64_t)session->model.spec.vocab);
    for (int64_t i = 0; i < s->count; i++) {
        s->feeds[i] = (struct feed){ .ids = s->ids + i * each, .count = prompt_of(test) };
        if (!session_sequence(session, prompt_of(test), &s->feeds[i].sequence, err)) return false;
    }
    return true;
}

/* The prompts are in: what follows are steps. */
static void turn_to_steps(struct sequences *s, const struct bench_test *test) {
    for (int64_t i = 0; i < s->count; i++) {
        s->feeds[i].ids += prompt_of(test);
        s->feeds[i].count = s->feeds[i].steps = test->length;
        s->feeds[i].every_logits = true;
    }
}

static bool timed(struct session *session, struct sequences *s, struct bench_work *work, double *seconds,
                  struct sy_error *err) {
    struct feed_sink sink = { work, take_logits, take_routing };
    for (int64_t i = 0; i < s->count; i++) s->feeds[i].routing = true;
    bench_work_reset(work);
    double start = os_seconds();
    bool done = session_feed(session, s->feeds, s->count, 0, &sink, err);
    *seconds = os_seconds() - start;
    return done;
}

static bool run(struct session *session, struct sequences *s, struct bench_work *work,
                const struct bench_test *test, double *seconds, struct sy_error *err) {
    struct feed_sink sink = { NULL, take_logits, NULL };
    if (test->steps) {
        if (!session_feed(session, s->feeds, s->count, 0, &sink, err)) return false;
        turn_to_steps(s, test);
    }
    return timed(session, s, work, seconds, err);
}

bool bench_once(struct session *session, struct bench_work *work, struct random *random,
                struct bench_test *test, struct sy_error *err) {
    struct sequences s;
    double seconds = 0;
    bool done = sequences_open(session, random, test, &s, err) && run(session, &s, work, test, &seconds, err);
    sequences_close(&s);
    if (!done) return false;
    if (seconds <= 0) seconds = 1e-9; /* a clock too coarse for a test that small */
    double amount = test->steps ? bench_work_step_bytes(work, prompt_of(test), test->length, test->batch)
                                : bench_work_prompt_flops(work, test->length);
    test->rate[test->runs] = (double)(test->length * test->batch) / seconds;
    test->work[test->runs] = amount / seconds;
    test->evenness += bench_work_evenness(work);
    if (test->load) test->routed += bench_work_load(work, test->load);
    test->runs++;
    return true;
}

/* ---- the sum of it ---- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const double *values, int64_t count, double sorted[BENCH_RUNS_MAX]) {
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
}

struct bench_summary bench_summary(const struct bench_test *test) {
    double sorted[BENCH_RUNS_MAX];
    struct bench_summary s;
    s.share = test->limit > 0 ? median_of(test->work, test->runs, sorted) / test->limit : 0;
    s.rate = median_of(test->rate, test->runs, sorted);
    s.evenness = test->evenness / (double)test->runs;
    s.least = sorted[0];
    s.most = sorted[test->runs - 1];
    return s;
}
