#include "plan/plan_test.h"

#include "engine/memory.h"

#include <string.h>

TEST(memory_is_the_sum_of_what_run_takes) {
    struct arena arena;
    struct spec spec;
    struct plan_memory m;
    struct memory_need need = { 0 };
    preset_spec("olmoe-1b-7b", &arena, &spec);
    struct plan_input input = preset_input(&spec);
    input.memory.batch = 3;
    struct numerics numerics = { .compute = COMPUTE_BF16, .kv = DTYPE_F16 };
    struct pass_limits limits = { .rows = 512, .sequences = 3, .threads = 2 };
    assert_true(plan_memory(&input.memory, &m, NULL));
    assert_true(memory_need(&spec, &numerics, &limits, &(struct cache_size){ .context = 4096 }, &need, NULL));
    assert_int_equal(m.weights, 2 * 6919161856);
    assert_int_equal(m.vectors, need.vectors);
    assert_int_equal(m.kv, need.cache);
    assert_int_equal(m.activations, need.step);
    need.weights = m.weights;
    assert_int_equal(m.peak, memory_total(&need));
    assert_int_equal(m.kv_per_token, 131072);
    assert_false(m.said);
    input.memory.memory = m.peak;
    assert_true(plan_memory(&input.memory, &m, NULL) && m.fits);
    assert_int_equal(memory_batch_max(&input.memory), 3);
    input.memory.memory--;
    assert_true(plan_memory(&input.memory, &m, NULL) && !m.fits);
    assert_int_equal(memory_batch_max(&input.memory), 2);
    arena_close(&arena);
}

/* The promise for every preset: weights, cache and 200 MB, of which a tokenizer has its part. */
TEST(all_but_weights_and_cache_is_200_mb) {
    struct arena arena;
    struct spec spec;
    struct plan_memory m;
    int narrowed = 0, all = 0;
    for (int i = 0; preset_at(i); i++) {
        preset_spec(preset_at(i)->name, &arena, &spec);
        struct plan_input input = preset_input(&spec);
        assert_true(plan_memory(&input.memory, &m, NULL));
        assert_true(m.rows >= 64 && m.rows <= 512);
        narrowed += m.rows < 512;
        all++;
        if (strcmp(preset_at(i)->name, "switch-c-2048") != 0) /* 86 MB of names and views of 92 160 tensors */
            assert_true(m.peak - m.weights - m.kv <= MEMORY_BESIDE - MEMORY_TEXT);
        assert_true(m.peak - m.weights - m.kv <= MEMORY_BESIDE);
        arena_close(&arena);
    }
    assert_true(narrowed > 0 && narrowed < all);
}

/* Half of the experts do not fit: about half of all choices must be fetched. */
TEST(a_cache_holds_what_fits) {
    struct arena arena;
    struct spec spec;
    struct plan_memory m;
    preset_spec("olmoe-1b-7b", &arena, &spec);
    struct plan_input input = preset_input(&spec);
    assert_true(plan_memory(&input.memory, &m, NULL));
    double experts = 2 * 6442450944.0;
    input.memory.memory = m.peak - (int64_t)(experts / 2);
    assert_true(plan_memory(&input.memory, &m, NULL));
    assert_int_equal(m.cache.all, 64 * 16);
    assert_int_equal(m.cache.experts, 512);
    assert_close(m.cache.hit, 0.5, 1e-9);
    assert_close(m.cache.fetch_bytes, 8 * experts / 64 / 2, 1e-9);
    input.memory.memory = 1 << 20;
    assert_true(plan_memory(&input.memory, &m, NULL) && !m.cache.possible);
    assert_int_equal(memory_batch_max(&input.memory), 0);
    arena_close(&arena);
}

/* A quadrillion parameters pass; beyond int64 an error says so. */
TEST(a_quadrillion_parameters_do_not_overflow) {
    struct arena arena;
    struct spec spec;
    struct plan plan;
    struct sy_error err = { 0 };
    preset_spec("mixtral-8x7b", &arena, &spec);
    spec.router.experts = 65536;
    spec.expert_width = 14336 * 3;
    struct plan_input input = preset_input(&spec);
    input.memory.memory = 1 << 30;
    input.cluster = (struct cluster_request){ 64, 25e9, 5e-6, -1 };
    input.training =
        (struct training_request){ .wanted = true, .tokens = 1e15, .batch = 1 << 20, .micro = 1 };
    if (!plan_make(&input, &plan, &err)) fail_msg("%s", err.message);
    assert_true(plan.parameters.count.total > 1000000000000000);
    spec.expert_width = (int64_t)1 << 40;
    assert_false(plan_make(&input, &plan, &err));
    assert_string_equal(err.place, "layers.0.expert_gate");
    arena_close(&arena);
}
