#include "commands/talk/expert_load.h"
#include "test.h"

#include <string.h>

TEST(the_load_is_what_the_engine_counted) {
    char path[TEST_PATH_MAX];
    struct sy_engine *engine;
    struct sy_options options = { .struct_bytes = sizeof options, .threads = 1, .context = 20 };
    struct sy_facts facts = { .struct_bytes = sizeof facts };
    struct sy_request request = { .struct_bytes = sizeof request,
                                  .ids = (const int64_t[]){ 3, 1, 4, 1, 5 },
                                  .count = 5 };
    struct expert_load load;
    int64_t sequence, active, sum = 0;
    test_source(path, "tests/golden/mixtral_fused");
    assert_true(sy_engine_open(path, &options, &engine, NULL));
    sy_engine_facts(engine, &facts);
    assert_true(expert_load_open(&facts, &load, NULL));
    assert_true(load.layers == 3 && load.experts == 6);
    assert_true(sy_submit(engine, &request, &sequence, NULL));
    assert_true(sy_step(engine, &active, NULL));
    for (int again = 0; again < 2; again++) expert_load_read(&load, engine);
    for (int64_t l = 0; l < 3; l++)
        for (int64_t e = 0; e < 6; e++) sum += expert_load_layer(&load, l)[e];
    assert_int_equal(sum, 3 * 5 * 3);
    expert_load_close(&load);
    sy_engine_close(engine);
}

TEST(a_load_says_what_it_takes) {
    struct expert_load load;
    int64_t bytes;
    assert_true(expert_load_bytes(&(struct sy_facts){ .moe_layers = 3, .experts = 60 }, &bytes));
    assert_int_equal(bytes, (3 * 60 + 1) * 8);
    assert_false(expert_load_bytes(&(struct sy_facts){ .moe_layers = 2, .experts = INT64_MAX / 8 }, &bytes));
    assert_true(expert_load_open(&(struct sy_facts){ .layers = 1 }, &load, NULL)); /* dense */
    assert_int_equal(load.layers, 0);
    expert_load_close(&load);
}
