#include "commands/bench/tests.h"
#include "commands/bench/work.h"
#include "report/heat.h"
#include "test.h"
#include "tiny.h"

#include <string.h>

/* What the tiny mixtral has, by hand: 2 layers, width 24, 4 heads and 2 key heads of 8, 6 experts of 20, 37
 * ids, windows of 5; all f32. */
enum {
    LAYER = 24 * (32 + 16 + 16 + 32 + 6), /* q, k, v, o, router */
    HEAD = 24 * 37,
    EXPERT = 3 * 24 * 20,
    KEY = (16 + 16) * 4, /* bytes of keys and values a position */
};

static void open_tiny(struct tiny *tiny, enum tiny_base base, struct bench_work *work) {
    struct arena arena;
    struct spec spec;
    struct tiny_run run = { .level = LEVEL_REF };
    arena_open(&arena);
    tiny_spec(base, &arena, &spec);
    assert_true(tiny_open(tiny, &spec, DTYPE_F32, &run, NULL));
    arena_close(&arena);
    assert_true(bench_work_open(&tiny->session, work, NULL));
}

static void near(double got, double want) {
    if (got != want) print_error("%.0f instead of %.0f\n", got, want);
    assert_true(got == want);
}

static void route(struct bench_work *work, int64_t index, int64_t layer, const int32_t *experts,
                  int64_t count) {
    bench_work_route(
        work, &(struct sy_routed_row){ .index = index, .layer = layer, .count = count, .experts = experts });
}

TEST(a_step_reads_each_expert_of_a_batch_once) {
    struct tiny tiny;
    struct bench_work work;
    open_tiny(&tiny, TINY_MIXTRAL, &work);
    bench_work_reset(&work);
    route(&work, 0, 0, (const int32_t[]){ 1, 2 }, 2);
    route(&work, 0, 0, (const int32_t[]){ 2, 3 }, 2);
    near(work.routed_bytes, 3 * 4 * EXPERT);
    route(&work, 0, 1, (const int32_t[]){ 1, 2 }, 2);
    route(&work, 1, 0, (const int32_t[]){ 2, 3 }, 2);
    near(work.routed_bytes, 7 * 4 * EXPERT);
    near(work.routed_weights, 8 * EXPERT);
    near(bench_work_step_bytes(&work, 8, 2, 3),
         2 * 4.0 * (2 * LAYER + HEAD) + 7 * 4 * EXPERT + 2 * 2 * 5 * 3 * KEY);
    near(bench_work_step_bytes(&work, 2, 1, 1), 4.0 * (2 * LAYER + HEAD) + 7 * 4 * EXPERT + 2 * 3 * KEY);
    bench_work_reset(&work);
    near(work.routed_bytes, 0);
    route(&work, 1, 0, (const int32_t[]){ 2 }, 1);
    near(work.routed_bytes, 4 * EXPERT);
    bench_work_close(&work);
    tiny_close(&tiny);
}

TEST(a_prompt_multiplies_by_each_weight_that_acts_on_it) {
    struct tiny tiny;
    struct bench_work work;
    open_tiny(&tiny, TINY_MIXTRAL, &work);
    bench_work_reset(&work);
    route(&work, 0, 0, (const int32_t[]){ 1, 2 }, 2);
    route(&work, 1, 0, (const int32_t[]){ 1, 2 }, 2);
    double keys = 2 * (1 + 2 + 3 + 4 + 5 + 5 + 5), heads = 4 * (8 + 8);
    near(bench_work_prompt_flops(&work, 7), 2 * (7 * 2 * LAYER + 4 * EXPERT + HEAD + keys * heads));
    bench_work_close(&work);
    tiny_close(&tiny);
}

TEST(chunks_and_latent_caches_count_what_is_seen) {
    struct tiny tiny;
    struct bench_work work;
    open_tiny(&tiny, TINY_LLAMA4, &work); /* chunks of 6, then all */
    double before = bench_work_step_bytes(&work, 5, 1, 1), after = bench_work_step_bytes(&work, 6, 1, 1);
    near(after - before, (1 - 6 + 1) * KEY);
    bench_work_close(&work);
    tiny_close(&tiny);
    open_tiny(&tiny, TINY_DEEPSEEK, &work); /* one row of latent and rotary a position and layer */
    before = bench_work_step_bytes(&work, 5, 1, 1), after = bench_work_step_bytes(&work, 6, 1, 1);
    near(after - before, 2 * (14 + 6) * 4);
    bench_work_close(&work);
    tiny_close(&tiny);
}

/* What a test notes is the work of its own steps: 2 experts of each layer and step. */
TEST(a_test_counts_its_own_work_alone) {
    struct tiny tiny;
    struct bench_work work;
    struct random random = random_seed(3);
    double rate[2], amount[2];
    struct bench_test test = { .steps = true, .length = 4, .batch = 1, .rate = rate, .work = amount };
    open_tiny(&tiny, TINY_MIXTRAL, &work);
    assert_int_equal(bench_positions(&test), 32 + 4);
    for (int i = 0; i < 2; i++) assert_true(bench_once(&tiny.session, &work, &random, &test, NULL));
    assert_int_equal(test.runs, 2);
    near(work.routed_bytes, 4 * 2 * 2 * 4 * EXPERT);
    double even = 0; /* of the 4 steps of the last run, not of what ran before them */
    for (int64_t l = 0; l < 2; l++) {
        int64_t chosen = 0, since[6];
        for (int64_t e = 0; e < 6; e++) {
            since[e] = tiny.session.stats.load[l * 6 + e] - work.load[l * 6 + e];
            chosen += since[e];
        }
        assert_int_equal(chosen, 4 * 2);
        even += heat_evenness(since, 6) / 2;
    }
    assert_true(even > 0 && bench_work_evenness(&work) == even);
    assert_true(test.evenness > even && test.evenness <= 1 + even);
    double step = 4.0 * (2 * LAYER + HEAD) + 2 * 2 * 4 * EXPERT + 2 * 5 * KEY;
    assert_true(amount[1] / rate[1] > step * 0.999999 && amount[1] / rate[1] < step * 1.000001);

    struct bench_test several = { .steps = true, .length = 4, .batch = 3, .rate = rate, .work = amount };
    assert_int_equal(bench_positions(&several), 8 + 4);
    assert_true(bench_once(&tiny.session, &work, &random, &several, NULL));
    near(work.routed_weights, 3 * 4 * 2 * 2 * EXPERT);
    assert_true(work.routed_bytes < 4 * work.routed_weights);

    struct bench_test prompt = { .length = 9, .batch = 1, .rate = rate, .work = amount };
    assert_int_equal(bench_positions(&prompt), 9);
    assert_true(bench_once(&tiny.session, &work, &random, &prompt, NULL));
    near(work.routed_weights, 9 * 2 * 2 * EXPERT);
    double whole = bench_work_prompt_flops(&work, 9) / 9;
    assert_true(amount[0] / rate[0] > whole * 0.999999 && amount[0] / rate[0] < whole * 1.000001);
    bench_work_close(&work);
    tiny_close(&tiny);
}

/* Steps draw ids anew: over many of them more than one row's experts are met. */
TEST(steps_route_anew) {
    struct tiny tiny;
    struct bench_work work;
    struct random random = random_seed(4);
    double rate[1], amount[1];
    struct bench_test test = { .steps = true, .length = 40, .batch = 1, .rate = rate, .work = amount };
    open_tiny(&tiny, TINY_MIXTRAL, &work);
    assert_true(bench_once(&tiny.session, &work, &random, &test, NULL));
    for (int e = 0; e < 6; e++) assert_true(work.last[e] > 0);
    bench_work_close(&work);
    tiny_close(&tiny);
}

TEST(pages_go_back_after_each_test) {
    struct tiny tiny;
    struct bench_work work;
    struct random random = random_seed(4);
    double rate[1], amount[1];
    struct bench_test test = { .steps = true, .length = 2, .batch = 2, .rate = rate, .work = amount };
    open_tiny(&tiny, TINY_MIXTRAL, &work);
    int64_t free_before = kv_pool_free_pages(tiny.session.pool);
    assert_true(bench_once(&tiny.session, &work, &random, &test, NULL));
    assert_int_equal(kv_pool_free_pages(tiny.session.pool), free_before);
    bench_work_close(&work);
    tiny_close(&tiny);
}
