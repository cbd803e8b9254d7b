/*
 * For the scheduler's tests: a small model with a scheduler over it, and requests whose every bit
 * is watched (tests/watch.h).
 */
#ifndef ENGINE_SCHEDULER_BENCH_H
#define ENGINE_SCHEDULER_BENCH_H

#include "engine/scheduler.h"
#include "test.h"
#include "watch.h"

static const int64_t bench_ids[600] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3 };

struct bench {
    struct arena arena;
    struct tiny tiny;
    struct scheduler *s;
};

static inline void bench_open(struct bench *b, enum tiny_base base, struct tiny_run run) {
    struct spec spec;
    struct sy_error err = { 0 };
    run.level = level_of_machine();
    arena_open(&b->arena);
    tiny_spec(base, &b->arena, &spec);
    if (!tiny_open(&b->tiny, &spec, DTYPE_F32, &run, &err)) fail_msg("%s", err.message);
    if (!scheduler_open(&b->tiny.session, NULL, &b->s, &err)) fail_msg("%s", err.message);
}

static inline void bench_close(struct bench *b) {
    scheduler_close(b->s);
    assert_int_equal(kv_pool_free_pages(b->tiny.session.pool), kv_pool_pages(b->tiny.session.pool));
    tiny_close(&b->tiny);
    arena_close(&b->arena);
}

static inline void submit(struct bench *b, struct watch *w, struct sy_request request) {
    struct sy_error err = { 0 };
    if (!watch_submit(b->s, w, NULL, request, &err)) fail_msg("%s", err.message);
}

static inline int64_t step(struct bench *b) {
    int64_t active;
    struct sy_error err = { 0 };
    if (!scheduler_step(b->s, &active, &err)) fail_msg("%s", err.message);
    return active;
}

#define RUN(b, ...)                                                                                          \
    watch_run((b)->s, (struct watch *const[]){ __VA_ARGS__ },                                                \
              sizeof((struct watch *const[]){ __VA_ARGS__ }) / sizeof(struct watch *))

enum { ALL = SY_WANT_LOGITS | SY_WANT_ROUTING | SY_WANT_LOGPROBS | SY_IGNORE_END };

static inline struct sy_request plain(int64_t count, int64_t new_count) {
    return (struct sy_request){ .flags = ALL, .ids = bench_ids, .count = count, .new_count = new_count };
}

#endif
