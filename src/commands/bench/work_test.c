#include "commands/bench/tests.h"
#include "commands/bench/work.h"
#include "report/heat.h"
#include "test.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>

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

static double routed(const struct bench_work *work, enum bench_role role) {
    return bench_amount_sum(&work->routed[role]);
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
    near(routed(&work, BENCH_STEP), 8 * EXPERT);
    near(work.once_bytes, 5 * 4 * EXPERT); /* as one batch: 1, 2, 3 and 1, 2 */
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
    struct bench_amount ops = bench_work_prompt_ops(&work, 7);
    near(ops.of[ARITHMETIC_F32], 2 * (7 * 2 * LAYER + 4 * EXPERT + HEAD + keys * heads));
    near(bench_amount_sum(&ops), ops.of[ARITHMETIC_F32]); /* all f32 */
    near(bench_work_prompt_bytes(&work, 7), 4.0 * (2 * LAYER + HEAD) + 2 * 4 * EXPERT + 7 * 2 * KEY);
    ops = bench_work_step_ops(&work, 4, 2, 3); /* at positions 4 and 5, which see 5 keys each */
    near(ops.of[ARITHMETIC_F32], 2 * (6 * (2 * LAYER + HEAD) + 4 * EXPERT + 3 * 2 * 2 * 5 * heads));
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
    struct bench_amount first = bench_work_step_ops(&work, 5, 1, 1),
                        next = bench_work_step_ops(&work, 6, 1, 1);
    const struct attention_spec *a = &tiny.session.model.spec.attention; /* a step attends to the latent */
    assert_true(a->kv_lora_rank == 14 && a->head_width - a->nope_width == 6);
    near(bench_amount_sum(&next) - bench_amount_sum(&first), 2.0 * 2 * (double)a->heads * (14 + 6 + 14));
    bench_work_close(&work);
    tiny_close(&tiny);
}

/* A bf16 model's router stays f32, and so does what attention does with the cache. */
TEST(operations_are_told_apart_by_arithmetic) {
    struct tiny tiny;
    struct bench_work work;
    struct arena arena;
    struct spec spec;
    struct tiny_run run = { .level = LEVEL_REF, .compute = COMPUTE_BF16 };
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    assert_true(tiny_open(&tiny, &spec, DTYPE_BF16, &run, NULL));
    arena_close(&arena);
    assert_true(bench_work_open(&tiny.session, &work, NULL));
    bench_work_reset(&work);
    route(&work, 0, 0, (const int32_t[]){ 1, 2 }, 2);
    struct bench_amount ops = bench_work_prompt_ops(&work, 1);
    const double router = 2 * 24 * 6, heads = 2 * 4 * (8 + 8);
    near(ops.of[ARITHMETIC_F32], 2 * (router + heads));
    near(ops.of[ARITHMETIC_BF16], 2 * (2 * LAYER + 2 * EXPERT + HEAD - router));
    bench_work_close(&work);
    tiny_close(&tiny);
}

struct bed { /* what a test runs in */
    struct tiny tiny;
    struct bench_work work;
    struct random random;
    struct energy energy;
    struct bench_bed bed;
};

static void open_bed(struct bed *b, uint64_t seed) {
    open_tiny(&b->tiny, TINY_MIXTRAL, &b->work);
    b->random = random_seed(seed);
    b->energy.count = 0;
    b->bed = (struct bench_bed){ &b->tiny.session, &b->work, &b->random, &b->energy };
}

static void close_bed(struct bed *b) {
    bench_work_close(&b->work);
    tiny_close(&b->tiny);
}

/* What a test notes is the work of its own steps: 2 experts of each layer and step. */
TEST(a_test_counts_its_own_work_alone) {
    struct bed b;
    struct bench_run run[2];
    struct bench_test test = { .steps = true, .length = 4, .batch = 1, .run = run };
    open_bed(&b, 3);
    assert_int_equal(bench_positions(&test), 32 + 4);
    for (int i = 0; i < 2; i++) assert_true(bench_once(&b.bed, &test, NULL));
    assert_int_equal(test.runs, 2);
    near(b.work.routed_bytes, 4 * 2 * 2 * 4 * EXPERT);
    double even = 0; /* of the 4 steps of the last run, not of what ran before them */
    for (int64_t l = 0; l < 2; l++) {
        int64_t chosen = 0, since[6];
        for (int64_t e = 0; e < 6; e++) {
            since[e] = b.tiny.session.stats.load[l * 6 + e] - b.work.load[l * 6 + e];
            chosen += since[e];
        }
        assert_int_equal(chosen, 4 * 2);
        even += heat_evenness(since, 6) / 2;
    }
    assert_true(even > 0 && bench_work_evenness(&b.work) == even);
    assert_true(test.evenness > even && test.evenness <= 1 + even);
    near(run[1].bytes, 4 * (4.0 * (2 * LAYER + HEAD) + 2 * 2 * 4 * EXPERT + 2 * 5 * KEY));
    assert_true(isnan(run[1].joules) && run[1].operations.of[ARITHMETIC_F32] > 0);

    struct bench_test several = { .steps = true, .length = 4, .batch = 3, .run = run };
    assert_int_equal(bench_positions(&several), 8 + 4);
    assert_true(bench_once(&b.bed, &several, NULL));
    near(routed(&b.work, BENCH_STEP), 3 * 4 * 2 * 2 * EXPERT);
    assert_true(b.work.routed_bytes < 4 * routed(&b.work, BENCH_STEP));

    struct bench_test prompt = { .length = 9, .batch = 1, .run = run };
    assert_int_equal(bench_positions(&prompt), 9);
    assert_true(bench_once(&b.bed, &prompt, NULL));
    near(routed(&b.work, BENCH_PROMPT), 9 * 2 * 2 * EXPERT);
    near(run[0].operations.of[ARITHMETIC_F32], bench_work_prompt_ops(&b.work, 9).of[ARITHMETIC_F32]);
    free(test.step_seconds);
    free(several.step_seconds);
    assert_null(prompt.step_seconds);
    close_bed(&b);
}

/* Each step has its time, of all sequences together; their sum is the run's. */
TEST(steps_are_timed_one_by_one) {
    struct bed b;
    struct bench_run run[3];
    struct bench_test test = { .steps = true, .length = 5, .batch = 3, .run = run };
    open_bed(&b, 5);
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        assert_true(bench_once(&b.bed, &test, NULL));
        assert_int_equal(test.step_count, 5 * (i + 1));
        for (int64_t s = 5 * i; s < test.step_count; s++) {
            assert_true(test.step_seconds[s] > 0);
            sum += test.step_seconds[s];
        }
        assert_true(sum <= run[i].seconds && sum > 0.5 * run[i].seconds);
    }
    free(test.step_seconds);
    close_bed(&b);
}

/* Of the clock's part of a test alone, and nobody is timed any more afterwards. */
TEST(a_profile_is_of_what_is_timed) {
    struct bed b;
    struct bench_run run[2];
    struct bench_test test = { .steps = true, .length = 4, .batch = 1, .run = run, .profile = true };
    struct bench_test silent = { .length = 4, .batch = 1, .run = run };
    open_bed(&b, 6);
    for (int i = 0; i < 2; i++) assert_true(bench_once(&b.bed, &test, NULL));
    assert_int_equal(test.times.passes, 2 * 4);
    assert_true(test.times.seconds[STAGE_EXPERTS] > 0);
    assert_true(test.barriers > test.times.passes * b.tiny.session.model.spec.decoder.layer_count);
    int64_t before = test.times.passes, barriers = test.barriers;
    silent.runs = 0;
    assert_true(bench_once(&b.bed, &silent, NULL));
    assert_true(test.times.passes == before && silent.times.passes == 0 && silent.barriers == 0);
    test.runs = 0;
    assert_true(bench_once(&b.bed, &test, NULL)); /* a step more of the same takes as many */
    assert_int_equal(2 * (test.barriers - barriers), barriers);
    free(test.step_seconds);
    close_bed(&b);
}

/* Steps draw ids anew: over many of them more than one row's experts are met. */
TEST(steps_route_anew) {
    struct bed b;
    struct bench_run run[1];
    struct bench_test test = { .steps = true, .length = 40, .batch = 1, .run = run };
    open_bed(&b, 4);
    assert_true(bench_once(&b.bed, &test, NULL));
    for (int e = 0; e < 6; e++) assert_true(b.work.expert[e].last > 0);
    free(test.step_seconds);
    close_bed(&b);
}

TEST(pages_go_back_after_each_test) {
    struct bed b;
    struct bench_run run[1];
    struct bench_test test = { .steps = true, .length = 2, .batch = 2, .run = run };
    open_bed(&b, 4);
    int64_t free_before = kv_pool_free_pages(b.tiny.session.pool);
    assert_true(bench_once(&b.bed, &test, NULL));
    assert_int_equal(kv_pool_free_pages(b.tiny.session.pool), free_before);
    free(test.step_seconds);
    close_bed(&b);
}
