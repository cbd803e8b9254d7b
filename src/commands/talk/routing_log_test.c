#include "commands/talk/routing_log.h"
#include "test.h"

#include <malloc.h>

static const int64_t moe_layer[] = { 1, 2 };
static const struct sy_facts small = {
    .layers = 3, .moe_layers = 2, .moe_layer = moe_layer, .experts = 4, .experts_per_token = 2
};

static void add(struct routing_log *log, int64_t index, int64_t layer, const int32_t *experts,
                const float *weights, int64_t count) {
    const struct sy_routed_row row = {
        .index = index, .layer = layer, .count = count, .experts = experts, .weights = weights
    };
    routing_log_add(log, &row);
}

TEST(the_log_keeps_choices) {
    struct routing_log log;
    assert_true(routing_log_open(&small, 2, false, &log, NULL));
    assert_int_equal(log.layers, 2);
    assert_int_equal(log.layer_of[0], 1);
    const float weights[] = { 0.75f, 0.25f };
    add(&log, 0, 1, (const int32_t[]){ 3, 0 }, weights, 2);
    add(&log, 0, 2, (const int32_t[]){ 1, 2 }, weights, 2);
    add(&log, 1, 1, (const int32_t[]){ 3, 1 }, weights, 2);
    add(&log, 1, 2, (const int32_t[]){ 2 }, weights, 1); /* chose fewer */
    assert_int_equal(log.count, 2);
    assert_int_equal(routing_log_choice(&log, 1, 0)[0], 3);
    assert_int_equal(routing_log_choice(&log, 1, 1)[0], 2);
    assert_int_equal(routing_log_choice(&log, 1, 1)[1], -1);
    assert_true(log.last[0] == 0.75f);
    assert_true(log.last[3] == 0);
    routing_log_close(&log);
}

TEST(a_dense_model_has_an_empty_log) {
    struct sy_facts dense = { .layers = 1 };
    struct routing_log log;
    assert_true(routing_log_open(&dense, 5, false, &log, NULL));
    assert_int_equal(log.layers, 0);
    routing_log_close(&log);
}

/* What is computed for the sum of memory is what is taken. */
TEST(a_log_takes_the_bytes_that_it_says) {
    static const int64_t layers[] = { 1, 2, 3 };
    const struct sy_facts engines[] = {
        { .layers = 4, .moe_layers = 3, .moe_layer = layers, .experts = 60, .experts_per_token = 4 },
        { .layers = 4, .moe_layers = 1, .moe_layer = layers, .experts = 2000, .experts_per_token = 1 },
        { .layers = 900, .moe_layers = 0, .moe_layer = layers },
    };
    for (int i = 0; i < 3; i++) {
        struct routing_log log;
        int64_t bytes, ids = i == 0 ? 500 : 20;
        size_t before = mallinfo2().uordblks;
        assert_true(routing_log_bytes(&engines[i], ids, i & 1, &bytes));
        assert_true(routing_log_open(&engines[i], ids, i & 1, &log, NULL));
        int64_t taken = (int64_t)(mallinfo2().uordblks - before);
        routing_log_close(&log);
        if (taken == 0) test_skip("this heap does not tell what it holds"); /* a sanitizer's */
        print_message("%lld computed, %lld taken\n", (long long)bytes, (long long)taken);
        assert_true(taken >= bytes && taken <= bytes + 4 * 32); /* the heap's own words and rounding */
    }
    int64_t bytes;
    assert_false(routing_log_bytes(&engines[0], INT64_MAX / 8, true, &bytes));
}
