#include "base/random.h"
#include "plan/plan_test.h"

#include <math.h>

/* Against draws of 3 different of 12 experts on 4 ranks. */
TEST(ranks_touched_by_formula_and_by_counting) {
    struct random r = random_seed(2);
    const int trials = 40000;
    int64_t sum = 0;
    for (int t = 0; t < trials; t++) {
        int deck[12];
        unsigned seen = 0;
        for (int i = 0; i < 12; i++) deck[i] = i;
        for (int k = 0; k < 3; k++) {
            int j = k + (int)random_below(&r, (uint64_t)(12 - k)), card = deck[j];
            deck[j] = deck[k];
            deck[k] = card;
            seen |= 1u << card / 3;
        }
        sum += __builtin_popcount(seen);
    }
    assert_close(ranks_touched(12, 3, 4), (double)sum / trials, 0.01);
    assert_close(ranks_touched(8, 2, 1), 1, 1e-12);
    assert_close(ranks_touched(8, 8, 4), 4, 1e-12);
    assert_close(ranks_touched(256, 1, 256), 1, 1e-12);
}

/* The largest of four draws, by drawing. */
TEST(the_largest_of_normal_numbers) {
    const double mean[4] = { 10, 12, 9, 12 }, deviation[4] = { 3, 1, 4, 0.5 };
    struct random r = random_seed(8);
    double sum = 0;
    const int trials = 50000;
    for (int t = 0; t < trials; t++) {
        double most = -INFINITY;
        for (int i = 0; i < 4; i++) most = fmax(most, mean[i] + deviation[i] * random_normal(&r));
        sum += most;
    }
    assert_close(expected_largest(mean, deviation, 4), sum / trials, 0.005);
    assert_close(expected_largest((double[]){ 5, 7 }, (double[]){ 0, 0 }, 2), 7, 1e-12);
}

TEST(imbalance_orders_as_it_must) {
    struct imbalance even, few, zipf, copies;
    assert_true(imbalance_of(LOAD_UNIFORM, NULL, 64, 4, 1e7, 8, 0, &even, NULL));
    assert_close(even.expected, 1, 0.01); /* many tokens, even shares */
    assert_close(even.worst, 1, 0.01);
    assert_true(imbalance_of(LOAD_UNIFORM, NULL, 64, 4, 16, 8, 0, &few, NULL));
    assert_true(few.expected > 1.2); /* few tokens are uneven by chance */
    assert_true(imbalance_of(LOAD_ZIPF, NULL, 64, 4, 1e7, 8, 0, &zipf, NULL));
    double hottest = 0, all = 0;
    for (int e = 1; e <= 64; e++) {
        all += 1.0 / e;
        if (e <= 8) hottest += 1.0 / e;
    }
    assert_close(zipf.worst, 8 * hottest / all, 0.01);
    assert_true(zipf.expected > 1.5 && zipf.expected < zipf.worst);
    assert_true(imbalance_of(LOAD_ZIPF, NULL, 64, 4, 1e7, 8, 16, &copies, NULL));
    assert_true(copies.replicated_expected < 1.1 && copies.replicated_expected >= 1);
    assert_true(copies.replicated_worst < zipf.worst);
}

static struct plan_cluster cluster_of(const char *preset, int64_t ranks, int64_t batch, int64_t memory) {
    struct arena arena;
    struct spec spec;
    struct plan_cluster c;
    struct sy_error err = { 0 };
    preset_spec(preset, &arena, &spec);
    struct plan_input input = preset_input(&spec);
    struct cluster_request request = { ranks, 25e9, 5e-6, -1 };
    input.memory.batch = batch;
    input.memory.memory = memory;
    if (!plan_cluster(&input.memory, &input.rates, &request, &c, &err)) fail_msg("%s", err.message);
    arena_close(&arena);
    return c;
}

/* Found by fuzzing: a config of four billion experts took its copies of them all, or went through all that a
 * token chose. */
TEST(experts_beyond_count_are_refused) {
    struct imbalance i;
    struct sy_error err = { 0 };
    assert_true(imbalance_of(LOAD_ZIPF, NULL, 2048, 1, 64, 4096, 4096, &i, &err));
    assert_true(ranks_touched((int64_t)1 << 50, (int64_t)1 << 49, 4096) == 4096);
    assert_false(imbalance_of(LOAD_ZIPF, NULL, (int64_t)1 << 32, 1, 64, 2, 2, &i, &err));
    assert_int_equal(err.code, SY_ERR_LIMIT);
    assert_false(imbalance_of(LOAD_UNIFORM, NULL, 1 << 20, 1, 64, 2, 65536, &i, &err));
    assert_false(imbalance_of(LOAD_UNIFORM, NULL, INT64_MAX, 1, 64, 2, 2, &i, &err));
    assert_true(imbalance_of(LOAD_UNIFORM, NULL, 1 << 20, 1, 64, 2, 2, &i, &err));
    assert_false(imbalance_of(LOAD_UNIFORM, NULL, (1 << 20) + 1, 1, 64, 2, 2, &i, &err));
}

TEST(layouts_multiply_to_the_ranks_and_are_ordered) {
    struct plan_cluster c = cluster_of("mixtral-8x7b", 8, 64, (int64_t)40 << 30);
    assert_int_equal(c.experts_a_rank, 2); /* 8 experts and 8 copies over 8 */
    assert_true(c.layout_count == 10);     /* ways to write 8 as a product of three */
    for (int i = 0; i < c.layout_count; i++) {
        const struct rank_layout *l = &c.layouts[i];
        assert_int_equal(l->tensor * l->expert * l->data, 8);
        if (i == 0 || l->refused) continue;
        const struct rank_layout *before = &c.layouts[i - 1];
        assert_true(!before->refused && before->fits >= l->fits);
        if (before->fits == l->fits) assert_true(before->tokens >= l->tokens);
    }
    assert_true(c.layouts[0].fits);
    assert_close(c.dispatch, ranks_touched(8, 2, 8) * 7 / 8 * 4096 * 2, 1e-12);
    assert_close(c.exchange_seconds, 2 * (7 * 5e-6 + 8 * c.dispatch / 25e9), 1e-12);
}

TEST(one_rank_sends_nothing) {
    struct plan_cluster c = cluster_of("mixtral-8x7b", 1, 4, 0);
    assert_int_equal(c.layout_count, 1);
    assert_true(c.layouts[0].reducing <= 0 && c.layouts[0].exchanging <= 0 && c.dispatch <= 0);
    c = cluster_of("llama-3-8b", 4, 4, 0); /* dense: no expert parallelism */
    for (int i = 0; i < c.layout_count; i++) assert_int_equal(c.layouts[i].expert, 1);
}

/* 2 x 2 x 2 of a batch of 64: each rank works on 16 sequences, each pair of tensor ranks on half of all
 * experts that 32 sequences touch. */
TEST(a_layout_is_priced_part_by_part) {
    struct plan_cluster c = cluster_of("mixtral-8x7b", 8, 64, 0);
    const struct rank_layout *l = NULL;
    for (int i = 0; i < c.layout_count; i++)
        if (c.layouts[i].tensor == 2 && c.layouts[i].expert == 2) l = &c.layouts[i];
    assert_non_null(l);
    double expert = 2 * 176160768.0 * 32, fixed = 2 * (12748853248.0 - 2 * 176160768.0 * 32), kv = 131072;
    double row = 4096 * 2, alpha = 5e-6, beta = 25e9, layers = 32;
    double touched = experts_touched(8, 2, 32), away = ranks_touched(8, 2, 2) / 2;
    assert_close(l->reading, (fixed / 2 + touched / 2 * expert / 2 + 16 * kv * 4097 / 2) / 20e9, 1e-9);
    assert_close(l->computing, 27644657664.0 * 64 / 8 / 300e9, 1e-6);
    assert_close(l->reducing, 2 * layers * (2 * alpha + 16 * row / beta), 1e-9);
    assert_close(l->exchanging, 2 * layers * (alpha + 16 * away * row / (beta * 2)), 1e-9);
    assert_close(l->tokens, 64 / (fmax(l->reading, l->computing) + l->reducing + l->exchanging), 1e-12);
    for (int i = 0; i < c.layout_count; i++) { /* a ring of 4 sends one and a half times as much */
        l = &c.layouts[i];
        if (l->tensor == 4 && l->expert == 1)
            assert_close(l->reducing, 2 * layers * (6 * alpha + 1.5 * 32 * row / beta), 1e-9);
    }
}
