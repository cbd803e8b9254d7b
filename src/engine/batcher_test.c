/*
 * Which rows share a batch: steps first; then the oldest prompt's half, and the shortest prompts.
 */
#include "engine/batcher.h"

#include "test.h"

#include <string.h>

enum { LANES = 8 };

struct yard {
    struct batcher *batcher;
    struct lane lanes[LANES], *places[LANES];
    int64_t count;
};

static const int64_t ids[2048];

static void yard_open(struct yard *yard, int64_t rows) {
    struct pass_limits limits = { .rows = rows, .sequences = LANES, .threads = 1 };
    memset(yard, 0, sizeof *yard);
    assert_true(batcher_open(&limits, &yard->batcher, NULL));
    for (int i = 0; i < LANES; i++) yard->places[i] = &yard->lanes[i];
}

static void add_lane(struct yard *yard, int64_t prompt, int64_t done, int64_t count) {
    yard->lanes[yard->count++] = (struct lane){ .ids = ids, .prompt = prompt, .done = done, .count = count };
}

/* Forms a batch, checks who got how many rows, and lets them be done. */
static void expect(struct yard *yard, int64_t chunk, const int64_t *taken) {
    int64_t sum = 0;
    int64_t rows = batcher_next(yard->batcher, yard->places, yard->count, chunk);
    for (int64_t i = 0; i < yard->count; i++) {
        if (yard->lanes[i].taken != taken[i])
            fail_msg("lane %lld got %lld rows, not %lld", (long long)i, (long long)yard->lanes[i].taken,
                     (long long)taken[i]);
        sum += taken[i];
        yard->lanes[i].done += yard->lanes[i].taken;
    }
    assert_int_equal(rows, sum);
}

TEST(steps_come_before_prompts) {
    struct yard yard;
    yard_open(&yard, 16);
    add_lane(&yard, 100, 0, 100);
    add_lane(&yard, 5, 5, 9); /* past its prompt */
    add_lane(&yard, 0, 3, 4);
    add_lane(&yard, 7, 7, 7); /* has nothing to run */
    expect(&yard, 0, (const int64_t[]){ 14, 1, 1, 0 });
    expect(&yard, 0, (const int64_t[]){ 15, 1, 0, 0 });
    batcher_close(yard.batcher);
}

/* The long prompt came first; the short ones pass it, and it never stands still. */
TEST(short_prompts_do_not_wait_for_long_ones) {
    struct yard yard;
    yard_open(&yard, 16);
    add_lane(&yard, 1000, 0, 1000);
    add_lane(&yard, 12, 0, 12);
    add_lane(&yard, 3, 0, 3);
    add_lane(&yard, 3, 0, 3);
    expect(&yard, 0, (const int64_t[]){ 8, 2, 3, 3 });
    expect(&yard, 0, (const int64_t[]){ 8, 8, 0, 0 });
    expect(&yard, 0, (const int64_t[]){ 14, 2, 0, 0 });
    expect(&yard, 0, (const int64_t[]){ 16, 0, 0, 0 });
    batcher_close(yard.batcher);
}

/* However many short ones come, the oldest has half of what steps leave. */
TEST(no_prompt_starves) {
    struct yard yard;
    yard_open(&yard, 9);
    add_lane(&yard, 40, 0, 40);
    for (int round = 0; round < 10; round++) {
        while (yard.count < LANES) add_lane(&yard, 2, 0, 2);
        int64_t before = yard.lanes[0].done;
        assert_int_equal(batcher_next(yard.batcher, yard.places, yard.count, 0), 9);
        for (int i = 0; i < LANES; i++) yard.lanes[i].done += yard.lanes[i].taken;
        assert_true(yard.lanes[0].done - before >= (before < 36 ? 5 : 40 - before));
        for (int i = 1; i < LANES; i++)
            if (yard.lanes[i].done == 2) yard.lanes[i] = (struct lane){ .ids = ids, .prompt = 2, .count = 2 };
    }
    assert_int_equal(yard.lanes[0].done, 40);
    batcher_close(yard.batcher);
}

TEST(chunks_bound_each_prompt) {
    struct yard yard;
    yard_open(&yard, 16);
    add_lane(&yard, 7, 0, 7);
    add_lane(&yard, 4, 0, 5);
    expect(&yard, 3, (const int64_t[]){ 3, 3 });
    expect(&yard, 3, (const int64_t[]){ 3, 1 });
    expect(&yard, 3, (const int64_t[]){ 1, 1 });
    expect(&yard, 3, (const int64_t[]){ 0, 0 });
    batcher_close(yard.batcher);
}
