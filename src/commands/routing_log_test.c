#include "commands/routing_log.h"
#include "test.h"

static const int64_t moe_layer[] = { 1, 2 };
static const struct sy_facts small = {
    .layers = 3, .moe_layers = 2, .moe_layer = moe_layer, .experts = 4, .experts_per_token = 2
};

TEST(the_log_keeps_choices_and_counts) {
    struct routing_log log;
    assert_true(routing_log_open(&small, 2, &log, NULL));
    assert_int_equal(log.layers, 2);
    assert_int_equal(log.layer_of[0], 1);
    const float weights[] = { 0.75f, 0.25f };
    routing_log_add(&log, 0, 1, (const int32_t[]){ 3, 0 }, weights, 2);
    routing_log_add(&log, 0, 2, (const int32_t[]){ 1, 2 }, weights, 2);
    routing_log_add(&log, 1, 1, (const int32_t[]){ 3, 1 }, weights, 2);
    routing_log_add(&log, 1, 2, (const int32_t[]){ 2 }, weights, 1); /* chose fewer */
    assert_int_equal(log.count, 2);
    assert_int_equal(log.load[3], 2);
    assert_int_equal(log.load[0], 1);
    assert_int_equal(log.load[4 + 2], 2);
    assert_int_equal(routing_log_choice(&log, 1, 0)[0], 3);
    assert_int_equal(routing_log_choice(&log, 1, 1)[0], 2);
    assert_int_equal(routing_log_choice(&log, 1, 1)[1], -1);
    assert_true(log.last[0] == 0.75f);
    assert_true(log.last[3] == 0);
    routing_log_close(&log);
}

TEST(evenness_is_one_where_all_are_alike) {
    struct routing_log log;
    assert_true(routing_log_open(&small, 2, &log, NULL));
    assert_true(routing_log_evenness(&log, 0) == 0); /* nothing ran yet */
    const float weights[] = { 0.5f, 0.5f };
    routing_log_add(&log, 0, 1, (const int32_t[]){ 0, 1 }, weights, 2);
    assert_true(routing_log_evenness(&log, 0) == 0.5);
    routing_log_add(&log, 1, 1, (const int32_t[]){ 2, 3 }, weights, 2);
    assert_true(routing_log_evenness(&log, 0) == 1);
    routing_log_close(&log);
}

TEST(a_dense_model_has_an_empty_log) {
    struct sy_facts dense = { .layers = 1 };
    struct routing_log log;
    assert_true(routing_log_open(&dense, 5, &log, NULL));
    assert_int_equal(log.layers, 0);
    routing_log_close(&log);
}
