#include "moe/stats.h"

#include "test.h"

#include <math.h>

TEST(stats_count_and_measure) {
    struct spec spec;
    struct arena arena;
    struct moe_stats stats;
    int64_t bytes;
    spec_init(&spec);
    arena_open(&arena);
    assert_true(spec_layers(&spec, &arena, 2, NULL));
    spec.router.experts = 4;
    assert_true(moe_stats_bytes(&spec, true, &bytes));
    assert_int_equal(bytes, (2 * 4 + 2 * 4 * 4 + 4) * 8);
    assert_true(moe_stats_open(&spec, true, &arena, &stats, NULL));
    int64_t begin[] = { 0, 2, 4, 5 };
    int32_t ids[] = { 3, 1, 1, 3, 0 };
    struct routing routing = {
        .tokens = 3, .experts = 4, .assignments = 5, .assignment_begin = begin, .expert_id = ids
    };
    moe_stats_add(&stats, 1, &routing, 0, 3);
    assert_int_equal(stats.tokens[0], 0);
    assert_int_equal(stats.tokens[1], 3);
    int64_t want[] = { 1, 2, 0, 2 };
    for (int e = 0; e < 4; e++) assert_int_equal(stats.load[4 + e], want[e]);
    assert_int_equal(stats.pairs[16 + 1 * 4 + 3], 2);
    assert_int_equal(stats.pairs[16 + 3 * 4 + 1], 0);
    assert_true(fabs(moe_stats_entropy(&stats, 1) - (0.2 * log(5) + 0.8 * log(2.5))) < 1e-12);
    assert_true(fabs(moe_stats_imbalance(&stats, 1) - 1.6) < 1e-12);
    assert_true(moe_stats_entropy(&stats, 0) == 0 && moe_stats_imbalance(&stats, 0) == 0);
    int32_t others[] = { 0, 1, 3, 2 };
    routing.tokens = 2, routing.assignments = 4, routing.expert_id = others;
    moe_stats_add(&stats, 0, &routing, 0, 2);
    assert_int_equal(stats.pairs[0 * 4 + 1], 1); /* each token's own pairs */
    assert_int_equal(stats.pairs[2 * 4 + 3], 1);
    moe_stats_add(&stats, 0, &routing, 1, 1); /* the second alone */
    assert_int_equal(stats.tokens[0], 3);
    assert_int_equal(stats.load[3], 2);
    assert_int_equal(stats.load[1], 1);
    assert_int_equal(stats.pairs[0 * 4 + 1], 1);
    assert_int_equal(stats.pairs[2 * 4 + 3], 2);
    arena_close(&arena);
}
