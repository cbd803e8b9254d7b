/*
 * The pool of pages has a size of its own: many places of which few fill up.
 */
#include "test.h"
#include <switchyard.h>

#include <string.h>

enum { PLACES = 8, CONTEXT = 4096, PROMPT = 700, NEW = 20, PAGE = 256 };

static bool open_pool(int64_t context, int64_t positions, int64_t memory, struct sy_engine **engine,
                      struct sy_error *err) {
    char path[TEST_PATH_MAX];
    struct sy_options options = { .struct_bytes = sizeof options,
                                  .threads = 2,
                                  .context = context,
                                  .sequences = PLACES,
                                  .memory_bytes = memory,
                                  .kv_positions = positions };
    test_source(path, "tests/golden/qwen2_moe_sparse_step");
    return sy_engine_open(path, &options, engine, err);
}

static struct sy_facts facts_of(const struct sy_engine *engine) {
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    sy_engine_facts(engine, &facts);
    return facts;
}

static int64_t total(const struct sy_facts *facts) {
    return facts->weight_bytes + facts->kv_bytes + facts->step_bytes + facts->other_bytes;
}

static struct sy_request request_of(int64_t count, int64_t new_count) {
    static int64_t ids[CONTEXT];
    for (int64_t i = 0; i < CONTEXT; i++) ids[i] = i * i % 37;
    return (struct sy_request){ .struct_bytes = sizeof(struct sy_request),
                                .flags = SY_IGNORE_END,
                                .ids = ids,
                                .count = count,
                                .new_count = new_count };
}

/* Takes what a sequence said; returns whether it has finished, as it should. */
static bool ended(struct sy_engine *engine, int64_t sequence, int64_t *tokens) {
    for (;;) {
        struct sy_event event = { .struct_bytes = sizeof event };
        assert_true(sy_poll(engine, sequence, &event, NULL));
        if (event.kind == SY_EVENT_NONE) return false;
        if (event.kind == SY_EVENT_TOKEN) tokens[event.index] = event.token.token;
        if (event.kind != SY_EVENT_FINISHED) continue;
        assert_int_equal(event.finish, SY_FINISH_LENGTH);
        return true;
    }
}

/* Submits to all places; the most that had begun and not ended at once. */
static int64_t run_all(struct sy_engine *engine, int64_t tokens[PLACES][NEW]) {
    struct sy_request request = request_of(PROMPT, NEW);
    int64_t sequence[PLACES], active = 1, most = 0, finished = 0;
    bool done[PLACES] = { false };
    for (int i = 0; i < PLACES; i++) assert_true(sy_submit(engine, &request, &sequence[i], NULL));
    while (active > 0) {
        int64_t running = 0;
        assert_true(sy_step(engine, &active, NULL));
        for (int i = 0; i < PLACES; i++) {
            if (done[i]) continue;
            running += sy_length(engine, sequence[i]) > 0;
            done[i] = ended(engine, sequence[i], tokens[i]);
            finished += done[i];
        }
        if (running > most) most = running;
    }
    assert_int_equal(finished, PLACES);
    return most;
}

/* 720 positions are three pages a layer. Room for six lets two run at once; all end, with the same tokens. */
TEST(a_pool_for_two_lets_two_of_eight_run_and_all_end) {
    static int64_t alone[PLACES][NEW], tokens[PLACES][NEW];
    struct sy_engine *engine;
    struct sy_error err;
    if (!open_pool(CONTEXT, 0, 0, &engine, &err)) fail_msg("%s", err.message);
    assert_in_range(run_all(engine, alone), 3, PLACES);
    sy_engine_close(engine);
    if (!open_pool(CONTEXT, 6 * PAGE, 0, &engine, &err)) fail_msg("%s", err.message);
    assert_int_equal(run_all(engine, tokens), 2);
    assert_memory_equal(tokens, alone, sizeof tokens);
    sy_engine_close(engine);
}

TEST(memory_is_that_of_the_pool) {
    struct sy_engine *engine;
    struct sy_error err;
    assert_true(open_pool(CONTEXT, 0, 0, &engine, &err));
    struct sy_facts whole = facts_of(engine);
    sy_engine_close(engine);
    assert_true(open_pool(CONTEXT, 2 * CONTEXT, 0, &engine, &err));
    struct sy_facts quarter = facts_of(engine);
    sy_engine_close(engine);
    assert_int_equal(quarter.kv_bytes, whole.kv_bytes / 4);
    assert_true(total(&quarter) <= total(&whole) - whole.kv_bytes * 3 / 4); /* and tables of pages */
    assert_int_equal(quarter.context, CONTEXT);
    static const int64_t plenty[] = { PLACES * CONTEXT, PLACES * CONTEXT + PAGE, INT64_MAX };
    for (int i = 0; i < 3; i++) { /* never more than all can need */
        assert_true(open_pool(CONTEXT, plenty[i], 0, &engine, &err));
        struct sy_facts facts = facts_of(engine);
        assert_int_equal(facts.kv_bytes, whole.kv_bytes);
        sy_engine_close(engine);
    }
    assert_false(open_pool(CONTEXT, 0, total(&quarter), &engine, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.remedy, "sy_options.context"));
    assert_true(open_pool(CONTEXT, 2 * CONTEXT, total(&quarter), &engine, &err));
    sy_engine_close(engine);
    assert_false(open_pool(CONTEXT, 3 * CONTEXT, total(&quarter), &engine, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_string_equal(err.remedy, "sy_options.kv_positions 8192 would fit");
}

TEST(a_request_larger_than_the_pool_is_refused_at_once) {
    struct sy_engine *engine;
    struct sy_error err;
    int64_t sequence, active;
    assert_false(open_pool(CONTEXT, -1, 0, &engine, &err));
    assert_non_null(strstr(err.message, "kv_positions is -1"));
    assert_true(open_pool(CONTEXT, 2 * PAGE, 0, &engine, &err));
    struct sy_request large = request_of(2 * PAGE, 2), fits = request_of(2 * PAGE, 1);
    assert_false(sy_submit(engine, &large, &sequence, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_non_null(strstr(err.remedy, "kv_positions"));
    assert_true(sy_submit(engine, &fits, &sequence, &err));
    while (sy_step(engine, &active, &err) && active > 0) continue;
    assert_int_equal(active, 0);
    assert_int_equal(sy_length(engine, sequence), 2 * PAGE);
    sy_engine_close(engine);
}
