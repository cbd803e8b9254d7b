/*
 * No heap call per token: after a prompt, steps of every kind of model ask the heap for nothing. The test
 * program's malloc, calloc and realloc are wrapped by the linker (tests/meson.build), which counts the calls.
 */
#include "engine/scheduler.h"
#include "test.h"
#include "tiny.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_long heap_calls;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_malloc(size_t size) {
    atomic_fetch_add_explicit(&heap_calls, 1, memory_order_relaxed);
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    atomic_fetch_add_explicit(&heap_calls, 1, memory_order_relaxed);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    atomic_fetch_add_explicit(&heap_calls, 1, memory_order_relaxed);
    return __real_realloc(memory, size);
}

static bool ignore(void *argument, int64_t feed, int64_t index, const float *logits, struct sy_error *err) {
    (void)argument, (void)feed, (void)index, (void)logits, (void)err;
    return true;
}

TEST(steps_ask_the_heap_for_nothing) {
    long before = atomic_load(&heap_calls);
    void *volatile memory = malloc(1); /* the count counts */
    free(memory);
    assert_true(atomic_load(&heap_calls) > before);
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        struct sy_error err = { 0 };
        struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
        struct kv_sequence *sequence;
        int64_t ids[40];
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, DTYPE_BF16, &run, &err));
        assert_true(session_sequence(&tiny.session, 40, &sequence, &err));
        for (int i = 0; i < 40; i++) ids[i] = i % 37;
        struct feed_sink sink = { NULL, ignore, NULL };
        struct feed prompt = { ids, 20, 0, sequence, false, false };
        assert_true(session_feed(&tiny.session, &prompt, 1, 0, &sink, &err));
        before = atomic_load(&heap_calls);
        for (int i = 20; i < 40; i++) {
            struct feed step = { ids + i, 1, 1, sequence, true, true };
            assert_true(session_feed(&tiny.session, &step, 1, 0, &sink, &err));
        }
        assert_int_equal(atomic_load(&heap_calls) - before, 0);
        kv_sequence_close(sequence);
        tiny_close(&tiny);
        arena_close(&arena);
    }
}

/* Nor does the scheduler, whatever it does for a sequence: samples, tells log-probabilities, logits,
 * routing. */
static void ignore_logits(void *argument, int64_t sequence, int64_t index, const float *logits,
                          int64_t vocab) {
    (void)argument, (void)sequence, (void)index, (void)logits, (void)vocab;
}

static void ignore_routing(void *argument, const struct sy_routed_row *row) {
    (void)argument, (void)row;
}

TEST(scheduled_steps_ask_the_heap_for_nothing) {
    static const int64_t ids[20] = { 1, 2, 3 };
    static const struct sy_logit_bias bias = { 3, 0.5 };
    for (int base = 0; base < TINY_BASE_COUNT; base++) {
        struct arena arena;
        struct spec spec;
        struct tiny tiny;
        struct scheduler *s;
        struct tokenizer *tokenizer;
        char path[TEST_PATH_MAX];
        struct sy_error err = { 0 };
        struct tiny_run run = { .level = level_of_machine() };
        struct sy_request request = { .flags = SY_IGNORE_END | SY_WANT_ROUTING | SY_WANT_LOGPROBS,
                                      .ids = ids,
                                      .count = 20,
                                      .new_count = 30,
                                      .sampling = { .temperature = 1,
                                                    .top_k = 20,
                                                    .top_p = 0.9,
                                                    .min_p = 0.01,
                                                    .typical = 0.9,
                                                    .repeat_penalty = 1.1,
                                                    .biases = &bias,
                                                    .bias_count = 1,
                                                    .logprobs = 8 },
                                      .on_logits = ignore_logits,
                                      .on_routing = ignore_routing };
        int64_t number[3], active;
        arena_open(&arena);
        tiny_spec((enum tiny_base)base, &arena, &spec);
        assert_true(tiny_open(&tiny, &spec, DTYPE_BF16, &run, &err));
        test_source(path, "tests/golden/tokenizers/byte_level.json");
        assert_true(tokenizer_open(path, NULL, NULL, &tokenizer, &err));
        assert_true(scheduler_open(&tiny.session, tokenizer, &s, &err));
        for (int i = 0; i < 3; i++) {
            assert_true(scheduler_submit(s, &request, &number[i], &err));
            request.sampling.temperature = 0;
        }
        for (int i = 0; i < 2; i++) assert_true(scheduler_step(s, &active, &err));
        long before = atomic_load(&heap_calls);
        for (int i = 0; i < 25; i++) {
            struct sy_event event;
            assert_true(scheduler_step(s, &active, &err));
            assert_true(scheduler_poll(s, number[i % 3], &event, &err));
        }
        assert_int_equal(active, 3);
        assert_int_equal(atomic_load(&heap_calls) - before, 0);
        scheduler_close(s);
        tokenizer_close(tokenizer);
        tiny_close(&tiny);
        arena_close(&arena);
    }
}
