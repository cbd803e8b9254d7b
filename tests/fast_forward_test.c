/*
 * A day in fast-forward: a hundred thousand sequences pass through one scheduler, some cancelled, some kept
 * and continued, and nothing grows: neither what the heap holds, nor the process.
 */
#include "base/checked.h"
#include "base/os.h"
#include "base/random.h"
#include "engine/scheduler.h"
#include "test.h"
#include "tiny.h"

#include <malloc.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define DAY 6000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define DAY 6000
#endif
#endif
#ifndef DAY
#define DAY 100000
#endif

enum { KNOWN = 40 }; /* sequences at the same time, of which 4 run or are kept */

struct day {
    struct tiny tiny;
    struct scheduler *s;
    struct random random;
    int64_t number[KNOWN]; /* 0: none */
    bool keep[KNOWN];
    int64_t passed, tokens;
};

static int64_t below(struct day *d, int64_t bound) {
    return (int64_t)random_below(&d->random, (uint64_t)bound);
}

static void submit(struct day *d, int64_t at) {
    int64_t ids[6], other = below(d, KNOWN);
    for (int i = 0; i < 6; i++) ids[i] = below(d, 37);
    d->keep[at] = below(d, 8) == 0;
    struct sy_request request = { .flags = SY_IGNORE_END | SY_WANT_LOGPROBS | (d->keep[at] ? SY_KEEP : 0u),
                                  .ids = ids,
                                  .count = 1 + below(d, 6),
                                  .new_count = below(d, 6),
                                  .sampling = {
                                      .temperature = 1, .seed = random_u64(&d->random), .logprobs = 2 } };
    if (d->number[other] && scheduler_kept(d->s, d->number[other])) {
        request.past = d->number[other];
        request.past_length = min_i64(scheduler_length(d->s, request.past), 1 + below(d, 400));
        if (request.past_length > 300) request.past = request.past_length = 0; /* conversations end */
    }
    assert_true(scheduler_submit(d->s, &request, &d->number[at], NULL));
}

static void drain(struct day *d, int64_t at) {
    struct sy_event event;
    do {
        assert_true(scheduler_poll(d->s, d->number[at], &event, NULL));
        d->tokens += event.kind == SY_EVENT_TOKEN;
    } while (event.kind == SY_EVENT_TOKEN);
    if (event.kind == SY_EVENT_NONE && !d->keep[at]) return;
    if (d->keep[at] && below(d, 4)) return; /* kept for a while */
    scheduler_release(d->s, d->number[at]);
    d->number[at] = 0;
    d->passed++;
}

/* So many sequences more; then nobody is left. */
static void live(struct day *d, int64_t until) {
    int64_t active = 0;
    while (d->passed < until) {
        for (int64_t i = 0; i < KNOWN; i++)
            if (!d->number[i]) submit(d, i);
        scheduler_cancel(d->s, d->number[below(d, KNOWN)] * (below(d, 10) == 0));
        bool room = scheduler_step(d->s, &active, NULL); /* no: kept ones hold it */
        for (int64_t i = 0; i < KNOWN; i++)
            if (room || d->keep[i]) drain(d, i);
    }
    for (int64_t i = 0; i < KNOWN; i++) {
        if (d->number[i]) scheduler_release(d->s, d->number[i]);
        d->number[i] = 0;
    }
    assert_int_equal(kv_pool_free_pages(d->tiny.session.pool), kv_pool_pages(d->tiny.session.pool));
}

TEST(a_day_of_sequences_leaves_nothing_behind) {
    struct arena arena;
    struct spec spec;
    struct tiny_run run = { .level = level_of_machine(), .rows = 64, .context = 512, .pages = 20 };
    struct day *d = calloc(1, sizeof *d);
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    d->random = random_seed(1);
    assert_true(tiny_open(&d->tiny, &spec, DTYPE_F32, &run, NULL));
    assert_true(scheduler_open(&d->tiny.session, NULL, &d->s, NULL));
    double start = os_seconds();
    live(d, DAY / 10);
    struct mallinfo2 heap = mallinfo2(); /* all 0 under a sanitizer, which looks for leaks itself */
    int64_t peak = os_peak_rss_bytes();
    live(d, DAY);
    struct mallinfo2 later = mallinfo2();
    print_message(
        "%lld sequences, %lld tokens in %.1f s; heap %zu, then %zu bytes; peak %.1f, then %.1f MiB\n",
        (long long)d->passed, (long long)d->tokens, os_seconds() - start, heap.uordblks, later.uordblks,
        (double)peak / (1 << 20), (double)os_peak_rss_bytes() / (1 << 20));
    assert_true(later.uordblks <= heap.uordblks + 4096); /* blocks are not always split alike */
    if (DAY == 100000) assert_true(os_peak_rss_bytes() <= peak + (1 << 19));
    scheduler_close(d->s);
    tiny_close(&d->tiny);
    arena_close(&arena);
    free(d);
}
