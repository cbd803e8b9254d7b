#include "commands/bench/tests.h"

#include "base/os.h"

#include <stdlib.h>

#define PROMPT_ALONE 32 /* ids before the steps of one sequence, */
#define PROMPT_EACH  8  /* and of each of several */

static int64_t prompt_of(const struct bench_test *test) {
    return !test->steps ? test->length : test->batch == 1 ? PROMPT_ALONE : PROMPT_EACH;
}

int64_t bench_positions(const struct bench_test *test) {
    return prompt_of(test) + (test->steps ? test->length : 0);
}

/* ---- feeding ---- */

static bool drop_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    (void)argument, (void)feed, (void)index, (void)logits, (void)err;
    return true;
}

struct watch { /* over one run */
    struct bench_work *work;
    struct bench_test *test;
    double mark;   /* when the last logits came */
    int64_t index; /* of the step that they belong to; -1: none yet */
};

/* A step ends with the last of its logits. */
static bool take_logits(void *argument, int64_t feed, int64_t index, const float *logits,
                        struct sy_error *err) {
    struct watch *watch = argument;
    struct bench_test *test = watch->test;
    (void)feed, (void)logits, (void)err;
    if (!test->steps) return true;
    double now = os_seconds();
    if (index != watch->index) test->step_seconds[test->step_count++] = 0;
    test->step_seconds[test->step_count - 1] += now - watch->mark;
    watch->index = index;
    watch->mark = now;
    return true;
}

static bool take_routing(void *argument, const struct sy_routed_row *row, struct sy_error *err) {
    struct watch *watch = argument;
    (void)err;
    bench_work_route(watch->work, row);
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

static bool room_for_steps(struct bench_test *test, struct sy_error *err) {
    if (!test->steps) return true;
    size_t count = (size_t)(test->step_count + test->length);
    double *grown = realloc(test->step_seconds, count * sizeof *grown);
    if (!grown) return sy_fail(err, SY_ERR_MEMORY, "no memory for the times of %zu steps", count);
    test->step_seconds = grown;
    return true;
}

/* With test->profile: from now on the session tells the test where its time goes; or no more. (Barriers are
 * timed while a pass is.) */
static void profile(struct session *session, struct bench_test *test, bool begin) {
    int64_t barriers;
    double seconds;
    if (!test->profile) return;
    team_pool_barriers(session->team, &barriers, &seconds);
    test->barriers += begin ? -barriers : barriers;
    test->barrier_seconds += begin ? -seconds : seconds;
    pass_time(session->pass, begin ? &test->times : NULL);
}

static bool timed(const struct bench_bed *bed, struct sequences *s, struct bench_test *test,
                  struct bench_run *run, struct sy_error *err) {
    struct watch watch = { .work = bed->work, .test = test, .index = -1 };
    struct feed_sink sink = { &watch, take_logits, take_routing };
    struct energy_reading before;
    if (!room_for_steps(test, err)) return false;
    for (int64_t i = 0; i < s->count; i++) s->feeds[i].routing = true;
    bench_work_reset(bed->work);
    profile(bed->session, test, true);
    energy_read(bed->energy, &before);
    double start = watch.mark = os_seconds();
    bool done = session_feed(bed->session, s->feeds, s->count, 0, &sink, err);
    run->seconds = os_seconds() - start;
    run->joules = energy_since(bed->energy, &before);
    profile(bed->session, test, false);
    return done;
}

static bool run_once(const struct bench_bed *bed, struct sequences *s, struct bench_test *test,
                     struct bench_run *run, struct sy_error *err) {
    struct feed_sink sink = { NULL, drop_logits, NULL };
    if (test->steps) {
        if (!session_feed(bed->session, s->feeds, s->count, 0, &sink, err)) return false;
        turn_to_steps(s, test);
    }
    return timed(bed, s, test, run, err);
}

bool bench_once(const struct bench_bed *bed, struct bench_test *test, struct sy_error *err) {
    struct bench_work *work = bed->work;
    struct sequences s;
    struct bench_run run = { 0 };
    bool done =
        sequences_open(bed->session, bed->random, test, &s, err) && run_once(bed, &s, test, &run, err);
    sequences_close(&s);
    if (!done) return false;
    if (run.seconds <= 0) run.seconds = 1e-9; /* a clock too coarse for a test that small */
    int64_t first = prompt_of(test);
    run.bytes = test->steps ? bench_work_step_bytes(work, first, test->length, test->batch)
                            : bench_work_prompt_bytes(work, test->length);
    run.operations = test->steps ? bench_work_step_ops(work, first, test->length, test->batch)
                                 : bench_work_prompt_ops(work, test->length);
    test->run[test->runs++] = run;
    test->evenness += bench_work_evenness(work);
    if (test->load) test->routed += bench_work_load(work, test->load);
    return true;
}
