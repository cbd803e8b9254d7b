#include "plan/plan_test.h"
#include "plan/scaling_law.h"

/* The law of arXiv:2502.05172 evaluated apart with the coefficients of its table 2: 1e9 active,
 * 2e10 tokens, 1, 8 and 32 experts. */
TEST(the_scaling_law_gives_the_reference_points) {
    assert_close(scaling_law_loss(1e9, 1, 2e10), 2.57760004, 1e-8);
    assert_close(scaling_law_loss(1e9, 8, 2e10), 2.50877728, 1e-8);
    assert_close(scaling_law_loss(1e9, 32, 2e10), 2.45456122, 1e-8);
    assert_true(scaling_law_holds(1e9, 32) && !scaling_law_holds(1e9, 33) && !scaling_law_holds(6e9, 8));
    double dense = scaling_law_dense(1e9, 8, 2e10);
    assert_true(dense > 1e9);
    assert_close(scaling_law_loss(dense, 1, 2e10), 2.50877728, 1e-6);
}

static struct plan_training train(const char *preset, struct training_request request) {
    struct arena arena;
    struct spec spec;
    struct plan_training out;
    struct sy_error err = { 0 };
    preset_spec(preset, &arena, &spec);
    struct plan_input input = preset_input(&spec);
    input.memory.traffic.context = 2048;
    if (!plan_training(&input.memory.traffic, &request, 1e15, &out, &err)) fail_msg("%s", err.message);
    arena_close(&arena);
    return out;
}

TEST(training_counts_what_adam_keeps) {
    struct training_request r = {
        .wanted = true, .tokens = 1e12, .batch = 64, .micro = 2, .precision = TRAIN_BF16, .moments = DTYPE_F32
    };
    struct plan_training t = train("olmoe-1b-7b", r);
    double n = 6919161856.0, table = 50304.0 * 2048;
    assert_close(t.model.weights + t.model.gradients + t.model.moments, 18 * n, 1e-12);
    assert_close(t.model.step_tokens, 64 * 2048, 1e-12);
    /* 6 for each weight that multiplies: active without the table; norms are 0.02 % of it; and attention */
    double attention = 3 * 4.0 * 16 * 2048 * 1024.5;
    assert_close(t.model.flops_token, 6 * (1282017280.0 - table) + attention, 1e-3);
    assert_close(t.model.hours, t.model.flops_token * 1e12 / 1e15 / 3600, 1e-12);
    assert_close((double)t.dense.parameters, 1282017280.0, 0.01); /* but for the routers */
    assert_true(t.dense.memory < t.model.memory && t.model.loss < t.dense.loss);
    r.precision = TRAIN_F32;
    r.moments = DTYPE_BF16;
    assert_close(train("olmoe-1b-7b", r).model.weights, 4 * n, 1e-12);
    assert_close(train("olmoe-1b-7b", r).model.moments, 4 * n, 1e-12);
}

TEST(recompute_trades_memory_for_arithmetic) {
    struct training_request r = { .wanted = true, .tokens = 1e9, .batch = 8, .micro = 8 };
    struct training all = train("mixtral-8x7b", r).model;
    r.recompute = true;
    struct training inputs = train("mixtral-8x7b", r).model;
    assert_true(inputs.activations < all.activations / 8);
    assert_close(inputs.flops_token, all.flops_token * 4 / 3, 1e-12);
    r.micro = 4;
    assert_close(train("mixtral-8x7b", r).model.activations, inputs.activations / 2, 1e-12);
}
