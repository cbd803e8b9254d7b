/*
 * The law of the engine: what a sequence says, and the bits of its logits and routing, do not depend on
 * company, on the moment at which it was submitted, on neighbours that are cancelled or released, on threads,
 * on the rows of a batch, nor on whose past it continues. A thousand random schedules, each sequence compared
 * with the same ids fed alone.
 */
#include "base/checked.h"
#include "base/random.h"
#include "test.h"
#include "watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SEQUENCES_MOST = 7 };

struct yard { /* one schedule in the making */
    struct random random;
    struct tiny tiny, alone;
    struct scheduler *s;
    struct watch *watches[SEQUENCES_MOST];
    bool released[SEQUENCES_MOST];
    int64_t count, vocab;
    bool windows;
};

static int64_t below(struct yard *y, int64_t bound) {
    return (int64_t)random_below(&y->random, (uint64_t)bound);
}

static struct sy_sampling draw_sampling(struct yard *y) {
    struct sy_sampling sampling = { .seed = random_u64(&y->random), .logprobs = below(y, 4) };
    if (below(y, 2)) return sampling;
    sampling.temperature = 0.3 + random_unit(&y->random);
    sampling.top_k = below(y, 2) * 10;
    sampling.top_p = 0.9 * (double)below(y, 2);
    sampling.repeat_penalty = 1 + 0.3 * (double)below(y, 2);
    sampling.frequency_penalty = 0.1 * (double)below(y, 3);
    return sampling;
}

/* Mostly short, sometimes over a page or two. */
static int64_t draw_count(struct yard *y) {
    return below(y, 12) ? 1 + below(y, 20) : 200 + below(y, 350);
}

static struct watch *kept_one(struct yard *y) {
    int64_t first = y->count ? below(y, y->count) : 0;
    for (int64_t i = 0; i < y->count; i++) {
        int64_t at = (first + i) % y->count;
        struct watch *w = y->watches[at];
        if (!y->released[at] && w->finished && scheduler_kept(y->s, w->number)) return w;
    }
    return NULL;
}

static void submit(struct yard *y) {
    static const uint32_t flags = SY_WANT_LOGITS | SY_WANT_ROUTING | SY_WANT_LOGPROBS;
    struct watch *w = y->watches[y->count], *from = below(y, 3) ? kept_one(y) : NULL;
    struct sy_error err = { 0 };
    int64_t ids[600];
    struct sy_request request = { .flags = flags | (below(y, 2) ? SY_KEEP : 0u),
                                  .ids = ids,
                                  .count = draw_count(y),
                                  .new_count = below(y, 14),
                                  .sampling = draw_sampling(y) };
    for (int64_t i = 0; i < request.count; i++) ids[i] = below(y, y->vocab);
    int64_t length = from ? scheduler_length(y->s, from->number) : 0;
    if (length > 0) {
        request.past = from->number;
        request.past_length = below(y, 2) ? length : 1 + below(y, length);
    }
    bool taken = watch_submit(y->s, w, from, request, &err);
    if (!taken && request.past_length < length && y->windows && strstr(err.message, "cannot go back")) {
        request.past_length = length;
        taken = watch_submit(y->s, w, from, request, &err);
    }
    if (!taken && err.code == SY_ERR_MEMORY) { /* more pages than there are */
        request.past = request.past_length = 0;
        request.count = 1;
        taken = watch_submit(y->s, w, NULL, request, &err);
    }
    if (!taken) fail_msg("%s", err.message);
    y->released[y->count++] = false;
}

/* Everybody's events, then the watch is over. */
static void release(struct yard *y, int64_t i) {
    if (y->released[i]) return;
    watch_poll(y->s, y->watches[i]);
    scheduler_release(y->s, y->watches[i]->number);
    y->released[i] = true;
}

/* Nothing runs for want of pages or places: a kept sequence must go, or who waits. */
static void make_room(struct yard *y, const struct sy_error *err) {
    struct watch *kept = kept_one(y);
    if (err->code != SY_ERR_MEMORY || !strstr(err->message, "waits for")) fail_msg("%s", err->message);
    for (int64_t i = 0; i < y->count; i++)
        if (kept ? y->watches[i] == kept : !y->released[i]) release(y, i);
}

static int64_t step(struct yard *y) {
    int64_t active;
    struct sy_error err = { 0 };
    if (!scheduler_step(y->s, &active, &err)) make_room(y, &err);
    for (int64_t i = 0; i < y->count; i++)
        if (!y->released[i]) watch_poll(y->s, y->watches[i]);
    return active;
}

static void run_schedule(struct yard *y) {
    int64_t wanted = 1 + below(y, SEQUENCES_MOST), active = 1;
    y->count = 0;
    while (y->count < wanted || active > 0) {
        switch (below(y, 12)) {
        case 0:
        case 1:
        case 2:
            if (y->count < wanted) submit(y);
            break;
        case 3:
            if (y->count > 0 && below(y, 4) == 0)
                scheduler_cancel(y->s, y->watches[below(y, y->count)]->number);
            break;
        case 4:
            if (y->count > 0 && below(y, 4) == 0) release(y, below(y, y->count));
            break;
        default: active = step(y);
        }
    }
    for (int64_t i = 0; i < y->count; i++) {
        release(y, i);
        watch_check(y->watches[i], &y->alone);
    }
    assert_int_equal(kv_pool_free_pages(y->tiny.session.pool), kv_pool_pages(y->tiny.session.pool));
}

/* Another size of everything. */
static void reopen(struct yard *y, struct tiny_run run) {
    static const int threads[] = { 1, 2, 3, 5 };
    struct sy_error err = { 0 };
    scheduler_close(y->s);
    run.threads = threads[below(y, 4)];
    run.rows = 8 + below(y, 2) * below(y, 200);
    run.sequences = 1 + below(y, 5);
    run.context = 1024;
    run.pages = 8 + below(y, 2) * below(y, 20);
    if (!tiny_reopen(&y->tiny, &run, &err)) fail_msg("%s", err.message);
    if (!scheduler_open(&y->tiny.session, NULL, &y->s, &err)) fail_msg("%s", err.message);
}

static void schedules(enum tiny_base base, enum dtype dtype, struct tiny_run run, int64_t count) {
    struct arena arena;
    struct spec spec;
    struct sy_error err = { 0 };
    struct yard *y = calloc(1, sizeof *y);
    arena_open(&arena);
    if (dtype == DTYPE_F32)
        tiny_spec(base, &arena, &spec);
    else
        tiny_spec_blocks(base, true, &arena, &spec);
    spec.tokens.eos[0] = 5;
    spec.tokens.eos_count = 1;
    run.level = level_of_machine();
    run.threads = 1;
    if (!tiny_open(&y->tiny, &spec, dtype, &run, &err)) fail_msg("%s", err.message);
    if (!tiny_open(&y->alone, &spec, dtype, &run, &err)) fail_msg("%s", err.message);
    y->vocab = spec.vocab;
    for (int64_t l = 0; l < spec.decoder.layer_count; l++)
        y->windows |= spec.decoder.layers[l].window != WINDOW_NONE;
    for (int i = 0; i < SEQUENCES_MOST; i++) y->watches[i] = malloc(sizeof *y->watches[i]);
    for (int64_t i = 0; i < count; i++) {
        y->random = random_seed((uint64_t)(base * 1000 + i));
        print_message("%s, schedule %lld\n", tiny_name(base), (long long)i);
        if (i % 4 == 0) reopen(y, run);
        run_schedule(y);
    }
    scheduler_close(y->s);
    tiny_close(&y->tiny);
    tiny_close(&y->alone);
    for (int i = 0; i < SEQUENCES_MOST; i++) free(y->watches[i]);
    arena_close(&arena);
    free(y);
}

enum { EACH = 80 }; /* of 13 kinds of model: 1,040 schedules */

/* SY_SCHEDULES=N: so many instead, where time is short (a sanitizer). */
static int64_t each(void) {
    const char *wanted = getenv("SY_SCHEDULES");
    return wanted ? atoll(wanted) : EACH;
}

#define SCHEDULES(base, name)                                                                                \
    TEST(random_schedules_of_##name) {                                                                       \
        schedules(base, DTYPE_F32, (struct tiny_run){ 0 }, each());                                          \
    }
SCHEDULES(TINY_MIXTRAL, mixtral)
SCHEDULES(TINY_QWEN2, qwen2)
SCHEDULES(TINY_QWEN3, qwen3)
SCHEDULES(TINY_OLMOE, olmoe)
SCHEDULES(TINY_GRANITE, granite)
SCHEDULES(TINY_PHI, phi)
SCHEDULES(TINY_DEEPSEEK, deepseek)
SCHEDULES(TINY_LATENT_Q, latent_q)
SCHEDULES(TINY_GPT_OSS, gpt_oss)
SCHEDULES(TINY_LLAMA4, llama4)
SCHEDULES(TINY_DENSE, dense)
SCHEDULES(TINY_CAPPED, capped)
SCHEDULES(TINY_TOP_P, top_p)

/* At shapes where work is divided, and in fast, where the roles of block formats differ. */
#define FAST_SCHEDULES(base, name, dtype, kv_type)                                                           \
    TEST(random_schedules_of_##name##_in_fast) {                                                             \
        schedules(base, dtype, (struct tiny_run){ .compute = COMPUTE_BF16, .kv = kv_type }, 4);              \
    }
FAST_SCHEDULES(TINY_MIXTRAL, mixtral, DTYPE_Q8_0, DTYPE_F16)
FAST_SCHEDULES(TINY_DEEPSEEK, deepseek, DTYPE_Q8_0, DTYPE_Q8_0)
FAST_SCHEDULES(TINY_GPT_OSS, gpt_oss, DTYPE_Q4_0, DTYPE_F16)
FAST_SCHEDULES(TINY_LLAMA4, llama4, DTYPE_BF16, DTYPE_BF16)
FAST_SCHEDULES(TINY_PHI, phi, DTYPE_Q8_0, DTYPE_F32)

/* ---- cancelling from other threads ---- */

struct meddler {
    struct scheduler *s;
    atomic_llong latest; /* number */
    atomic_bool over;
};

static void *meddle(void *argument) {
    struct meddler *m = argument;
    struct random random = random_seed(77);
    while (!atomic_load(&m->over)) {
        int64_t latest = atomic_load(&m->latest);
        scheduler_cancel(m->s, latest + 2 - (int64_t)random_below(&random, 12)); /* also unknown ones */
        struct timespec nap = { .tv_nsec = (long)random_below(&random, 200000) };
        nanosleep(&nap, NULL);
    }
    return NULL;
}

TEST(sequences_may_be_cancelled_from_any_thread) {
    struct yard y = { .random = random_seed(5) };
    struct arena arena;
    struct spec spec;
    struct tiny_run run = { .level = level_of_machine(), .sequences = 4 };
    struct watch *w = malloc(sizeof *w);
    int64_t ends[SY_FINISH_ERROR + 1] = { 0 }, ids[] = { 1, 2, 3 }, active;
    pthread_t threads[2];
    arena_open(&arena);
    tiny_spec(TINY_QWEN2, &arena, &spec);
    assert_true(tiny_open(&y.tiny, &spec, DTYPE_F32, &run, NULL));
    assert_true(tiny_open(&y.alone, &spec, DTYPE_F32, &run, NULL));
    assert_true(scheduler_open(&y.tiny.session, NULL, &y.s, NULL));
    struct meddler m = { .s = y.s };
    for (int i = 0; i < 2; i++) assert_int_equal(pthread_create(&threads[i], NULL, meddle, &m), 0);
    for (int round = 0; round < 100; round++) {
        struct sy_request request = { .ids = ids, .count = 3, .new_count = 20 };
        int64_t other[3];
        for (int i = 0; i < 3; i++) assert_true(scheduler_submit(y.s, &request, &other[i], NULL));
        request.flags = SY_WANT_LOGITS;
        assert_true(watch_submit(y.s, w, NULL, request, NULL));
        atomic_store(&m.latest, w->number);
        do assert_true(scheduler_step(y.s, &active, NULL));
        while (active > 0);
        watch_poll(y.s, w);
        assert_true(w->finished);
        ends[w->last.finish]++;
        if (round % 20 == 0) watch_check(w, &y.alone);
        for (int i = 0; i < 3; i++) scheduler_release(y.s, other[i]);
        scheduler_release(y.s, w->number);
    }
    atomic_store(&m.over, true);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    print_message("%lld cancelled, %lld not\n", (long long)ends[SY_FINISH_CANCELLED],
                  (long long)ends[SY_FINISH_LENGTH]);
    assert_int_equal(ends[SY_FINISH_CANCELLED] + ends[SY_FINISH_LENGTH], 100);
    assert_true(ends[SY_FINISH_CANCELLED] > 0);
    scheduler_close(y.s);
    tiny_close(&y.tiny);
    tiny_close(&y.alone);
    free(w);
    arena_close(&arena);
}
