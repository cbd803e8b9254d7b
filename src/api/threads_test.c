/*
 * Threads as the header allows and forbids them (the thread sanitizer watches): an engine may be handed from
 * one to another, engines of one's own share nothing, sy_cancel comes from anywhere; two inside one engine at
 * the same time are told so, and nothing is hurt.
 */
#include "test.h"
#include <switchyard.h>

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

static struct sy_engine *open_tiny(void) {
    char path[TEST_PATH_MAX];
    struct sy_engine *engine;
    struct sy_error err;
    struct sy_options options = { .struct_bytes = sizeof options, .threads = 2, .sequences = 4 };
    test_source(path, "tests/golden/mixtral_fused");
    if (!sy_engine_open(path, &options, &engine, &err)) fail_msg("%s", err.message);
    return engine;
}

enum { NEW = 30 };
static const int64_t prompt[] = { 19, 50, 33, 41, 1, 30 };
static const struct sy_request plain = {
    .struct_bytes = sizeof plain, .flags = SY_IGNORE_END, .ids = prompt, .count = 6, .new_count = NEW
};

struct job {
    struct sy_engine *engine;
    int64_t sequence, tokens[NEW], count;
    bool done;
    pthread_barrier_t *start;
    atomic_bool *stop;
    int64_t refused, calls, odd; /* odd: an error other than "another call is inside" */
};

static void note(struct job *job, bool good, const struct sy_error *err) {
    job->calls++;
    if (good) return;
    *(err->code == SY_ERR_USAGE ? &job->refused : &job->odd) += 1;
}

/* Step and poll until the sequence has finished, trying again whenever refused. */
static void *run_to_the_end(void *argument) {
    struct job *job = argument;
    struct sy_error err;
    if (job->start) pthread_barrier_wait(job->start);
    while (!job->done) {
        struct sy_event event = { .struct_bytes = sizeof event };
        int64_t active;
        note(job, sy_step(job->engine, &active, &err), &err);
        for (;;) {
            bool good = sy_poll(job->engine, job->sequence, &event, &err);
            note(job, good, &err);
            if (!good || event.kind == SY_EVENT_NONE) break;
            if (event.kind == SY_EVENT_TOKEN) job->tokens[job->count++] = event.token.token;
            job->done |= event.kind == SY_EVENT_FINISHED;
        }
    }
    return NULL;
}

static struct job begin(struct sy_engine *engine) {
    struct job job = { .engine = engine };
    assert_true(sy_submit(engine, &plain, &job.sequence, NULL));
    return job;
}

static struct job reference(void) {
    struct job job = begin(open_tiny());
    run_to_the_end(&job);
    assert_int_equal(job.count, NEW);
    assert_int_equal(job.refused + job.odd, 0);
    sy_engine_close(job.engine);
    return job;
}

TEST(threads_with_engines_of_their_own) {
    struct job want = reference(), jobs[2];
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        jobs[i] = begin(open_tiny());
        assert_int_equal(pthread_create(&threads[i], NULL, run_to_the_end, &jobs[i]), 0);
    }
    for (int i = 0; i < 2; i++) {
        pthread_join(threads[i], NULL);
        assert_memory_equal(jobs[i].tokens, want.tokens, sizeof want.tokens);
        assert_int_equal(jobs[i].refused + jobs[i].odd, 0);
        sy_engine_close(jobs[i].engine);
    }
}

TEST(an_engine_handed_from_thread_to_thread) {
    struct job want = reference(), job = begin(open_tiny());
    pthread_t thread;
    int64_t active;
    for (int i = 0; i < 3; i++) assert_true(sy_step(job.engine, &active, NULL));
    assert_int_equal(pthread_create(&thread, NULL, run_to_the_end, &job), 0);
    pthread_join(thread, NULL);
    assert_memory_equal(job.tokens, want.tokens, sizeof want.tokens);
    sy_engine_close(job.engine);
}

static void *meddle(void *argument) {
    struct job *job = argument;
    struct sy_error err;
    pthread_barrier_wait(job->start);
    while (!atomic_load(job->stop)) {
        int64_t sequence, active;
        struct sy_facts facts = { .struct_bytes = sizeof facts };
        struct sy_event event = { .struct_bytes = sizeof event };
        struct sy_request wrong = plain;
        wrong.count = 0;
        if (!sy_submit(job->engine, &wrong, &sequence, &err) && err.code == SY_ERR_INPUT) job->calls++;
        note(job, sy_step(job->engine, &active, &err), &err);
        struct sy_profile profile = { .struct_bytes = sizeof profile };
        struct sy_sampling sampling;
        sy_cancel(job->engine, 999);
        sy_release(job->engine, 999);
        sy_engine_facts(job->engine, &facts);
        sy_engine_profile(job->engine, &profile);
        sy_recommended(job->engine, &sampling);
        if (sy_is_end(job->engine, -1) || sy_length(job->engine, 999) != -1 || sy_ids(job->engine, 999))
            job->odd++;
        if (sy_save(job->engine, 999, "/nowhere/at/all", &err)) job->odd++;
        if (sy_restore(job->engine, "/nowhere/at/all", &sequence, &err)) job->odd++;
        if (sy_poll(job->engine, 999, &event, &err)) job->odd++;
    }
    return NULL;
}

TEST(two_threads_inside_one_engine_are_told) {
    struct job want = reference(), job = begin(open_tiny()), other = { .engine = job.engine };
    pthread_barrier_t start;
    pthread_t threads[2];
    atomic_bool stop = false;
    pthread_barrier_init(&start, NULL, 2);
    job.start = other.start = &start;
    other.stop = &stop;
    assert_int_equal(pthread_create(&threads[0], NULL, run_to_the_end, &job), 0);
    assert_int_equal(pthread_create(&threads[1], NULL, meddle, &other), 0);
    pthread_join(threads[0], NULL);
    atomic_store(&stop, true);
    pthread_join(threads[1], NULL);
    assert_memory_equal(job.tokens, want.tokens, sizeof want.tokens);
    assert_int_equal(job.odd + other.odd, 0);
    print_message("%lld of %lld and %lld of %lld calls refused\n", (long long)job.refused,
                  (long long)job.calls, (long long)other.refused, (long long)other.calls);
    sy_engine_close(job.engine);
}

static void *cancel_soon(void *argument) {
    struct job *job = argument;
    pthread_barrier_wait(job->start);
    sy_cancel(job->engine, job->sequence);
    return NULL;
}

TEST(cancel_comes_from_any_thread) {
    struct job want = reference();
    struct sy_engine *engine = open_tiny();
    for (int round = 0; round < 20; round++) {
        struct job job = begin(engine);
        pthread_barrier_t start;
        pthread_t thread;
        pthread_barrier_init(&start, NULL, 2);
        job.start = &start;
        assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &job), 0);
        run_to_the_end(&job);
        pthread_join(thread, NULL);
        assert_int_equal(job.refused + job.odd, 0);
        assert_memory_equal(job.tokens, want.tokens, (size_t)job.count * sizeof want.tokens[0]);
        sy_release(engine, job.sequence);
    }
    sy_engine_close(engine);
}

/* Cancelling without a pause, also what is unknown, while another thread steps. */
static void *cancel_on_and_on(void *argument) {
    struct job *job = argument;
    pthread_barrier_wait(job->start);
    for (int64_t n = 0; !atomic_load(job->stop); n++)
        sy_cancel(job->engine, n % 3 == 0 ? job->sequence : 1000 + n % 1000);
    return NULL;
}

TEST(cancels_may_come_without_a_pause) {
    struct job want = reference();
    struct sy_engine *engine = open_tiny();
    for (int round = 0; round < 4; round++) {
        struct job other = { .engine = engine }, job = begin(engine);
        pthread_barrier_t start;
        pthread_t thread;
        atomic_bool stop = false;
        pthread_barrier_init(&start, NULL, 2);
        job.start = other.start = &start;
        other.stop = &stop;
        other.sequence = round % 2 ? job.sequence : job.sequence + 1000000; /* another's: it runs on */
        assert_int_equal(pthread_create(&thread, NULL, cancel_on_and_on, &other), 0);
        run_to_the_end(&job);
        atomic_store(&stop, true);
        pthread_join(thread, NULL);
        assert_int_equal(job.refused + job.odd, 0);
        assert_true(round % 2 || job.count == NEW);
        assert_memory_equal(job.tokens, want.tokens, (size_t)job.count * sizeof want.tokens[0]);
        sy_release(engine, job.sequence);
    }
    sy_engine_close(engine);
}

/* ---- every call, while another thread is certainly inside ---- */

struct visit {
    struct sy_engine *engine;
    pthread_barrier_t inside, over;
    int64_t logits;
};

/* In the first of its logits the step waits until the other thread has tried everything. */
static void hold_the_step(void *argument, int64_t sequence, int64_t index, const float *logits,
                          int64_t vocab) {
    struct visit *visit = argument;
    (void)sequence, (void)index, (void)logits, (void)vocab;
    if (visit->logits++ > 0) return;
    pthread_barrier_wait(&visit->inside);
    pthread_barrier_wait(&visit->over);
}

static void refused(bool done, const struct sy_error *err) {
    assert_false(done);
    assert_int_equal(err->code, SY_ERR_USAGE);
    assert_string_equal(err->message, "another call is inside this engine");
    assert_true(err->remedy[0] != 0);
}

static void *try_everything(void *argument) {
    struct visit *visit = argument;
    struct sy_engine *e = visit->engine;
    struct sy_error err;
    struct sy_event event = { .struct_bytes = sizeof event };
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    int64_t n;
    pthread_barrier_wait(&visit->inside);
    refused(sy_submit(e, &plain, &n, &err), &err);
    refused(sy_step(e, &n, &err), &err);
    refused(sy_poll(e, 1, &event, &err), &err);
    refused(sy_save(e, 1, "/nowhere/at/all", &err), &err);
    refused(sy_restore(e, "/nowhere/at/all", &n, &err), &err);
    int64_t *ids;
    char *text;
    refused(sy_encode(e, "a", 1, 0, &ids, &n, &err), &err);
    refused(sy_decode(e, prompt, 1, &text, NULL, &err), &err);
    refused(sy_chat(e, "[]", NULL, &text, NULL, &err), &err);
    assert_int_equal(sy_length(e, 1), -1);
    assert_null(sy_ids(e, 1));
    sy_release(e, 1);
    sy_engine_close(e);
    sy_engine_facts(e, &facts);
    assert_int_equal(facts.vocab, 61);
    pthread_barrier_wait(&visit->over);
    return NULL;
}

TEST(nothing_gets_in_while_a_step_is_under_way) {
    struct job want = reference(), job = { .engine = open_tiny() };
    struct visit visit = { .engine = job.engine };
    struct sy_request request = plain;
    pthread_t thread;
    pthread_barrier_init(&visit.inside, NULL, 2);
    pthread_barrier_init(&visit.over, NULL, 2);
    request.on_logits = hold_the_step;
    request.argument = &visit;
    assert_true(sy_submit(job.engine, &request, &job.sequence, NULL));
    assert_int_equal(pthread_create(&thread, NULL, try_everything, &visit), 0);
    run_to_the_end(&job);
    pthread_join(thread, NULL);
    assert_int_equal(job.refused + job.odd, 0);
    assert_memory_equal(job.tokens, want.tokens, sizeof want.tokens);
    sy_engine_close(job.engine);
}
