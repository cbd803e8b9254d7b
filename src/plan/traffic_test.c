/*
 * Counts made by hand, and by brute force.
 */
#include "plan/plan_test.h"

#include <math.h>

static struct traffic_sums sums_of(const struct spec *spec, int64_t context) {
    struct plan_input input = preset_input(spec);
    struct traffic_sums sums;
    input.memory.traffic.context = context;
    assert_true(traffic_sum(&input.memory.traffic, &sums, NULL));
    return sums;
}

/* 2 * (active without table, norms left out) + 4 * layers * heads * head width * positions. */
TEST(flops_of_a_step_are_twice_what_multiplies) {
    struct arena arena;
    struct spec spec;
    preset_spec("mixtral-8x7b", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 1000);
    assert_close(sums.flops_matrices, 2 * (12748853248.0 - 266240), 1e-12);
    assert_close(sums.flops_attention, 4.0 * 32 * 32 * 128 * 1000, 1e-12);
    assert_close(sums.prompt_matrices, 2 * (12748853248.0 - 266240 - 32000.0 * 4096), 1e-12);
    assert_close(sums.prompt_attention, 4.0 * 32 * 32 * 128 * 500.5, 1e-12);
    arena_close(&arena);
}

/* Absorbed in a step: every head works on the latent of 512 and the 64 rotary columns. */
TEST(latent_attention_works_on_the_latent) {
    struct arena arena;
    struct spec spec;
    int64_t bytes;
    preset_spec("deepseek-v3", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 4096);
    assert_close(sums.flops_attention, 61.0 * 2 * 128 * (576 + 512) * 4096, 1e-12);
    assert_close(sums.prompt_attention, 61.0 * 2 * 128 * (192 + 128) * 2048.5, 1e-12);
    assert_close(sums.kv_read, 61.0 * 576 * 2 * 4096, 1e-12);
    assert_true(kv_token_bytes(&spec, DTYPE_BF16, &bytes, NULL));
    assert_int_equal(bytes, 2 * 35136);
    assert_true(kv_token_bytes(&spec, DTYPE_Q8_0, &bytes, NULL)); /* blocks of 32 with a scale */
    assert_int_equal(bytes, 35136 / 32 * 34);
    arena_close(&arena);
}

TEST(windows_are_honoured) {
    struct arena arena;
    struct spec spec;
    preset_spec("gpt-oss-20b", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 4096);
    assert_close(sums.kv_read, 2.0 * 8 * 64 * 2 * (12 * 128 + 12 * 4096), 1e-12);
    assert_close(kv_kept_bytes(&spec, DTYPE_F16, 4096), 2.0 * 8 * 64 * 2 * (12 * 128 + 12 * 4096), 1e-12);
    arena_close(&arena);
}

/* The means against sums over all positions. */
TEST(what_is_seen_on_the_mean) {
    static const struct layer_spec layers[] = { { .window = WINDOW_NONE },
                                                { .window = WINDOW_SLIDING, .window_size = 100 },
                                                { .window = WINDOW_CHUNKED, .window_size = 100 },
                                                { .window = WINDOW_CHUNKED, .window_size = 5000 } };
    static const int64_t counts[] = { 1, 99, 100, 101, 250, 1000 };
    for (size_t l = 0; l < sizeof layers / sizeof *layers; l++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            double sum = 0;
            for (int64_t p = 0; p < counts[c]; p++) sum += (double)layer_visible(&layers[l], p);
            assert_close(layer_visible_mean(&layers[l], counts[c]), sum / (double)counts[c], 1e-12);
        }
}

/* All weights but the idle experts and the table are read by a step of one; all experts by a large one. */
TEST(bytes_lie_between_active_and_total) {
    struct arena arena;
    struct spec spec;
    preset_spec("olmoe-1b-7b", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 4096);
    struct traffic one = traffic_of(&sums, 1, 1), many = traffic_of(&sums, 1e9, 1);
    assert_close(one.weight_bytes, 2 * 1178994688.0 + 2 * 2048, 1e-9);
    assert_close(one.kv_bytes, 131072.0 * 4097, 1e-12);
    assert_close(many.experts, 64, 1e-12);
    double before = one.bytes;
    for (int batch = 2; batch <= 512; batch *= 2) { /* company only ever helps */
        struct traffic t = traffic_of(&sums, batch, 1);
        assert_true(t.bytes < before);
        before = t.bytes;
    }
    arena_close(&arena);
}

TEST(a_tied_table_is_read_as_the_head) {
    struct arena arena;
    struct spec spec;
    preset_spec("smollm2-135m", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 10);
    assert_close(sums.fixed_bytes, 2 * 134515008.0, 1e-12);
    assert_close(sums.flops_matrices, 2 * (134515008.0 - 61 * 576), 1e-12);
    arena_close(&arena);
}

/* A step of an encoder-decoder passes the decoder; keys of the encoder are made once. */
TEST(an_encoder_works_once_a_text) {
    struct arena arena;
    struct spec spec;
    preset_spec("t5-base", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 512);
    double square = 768.0 * 768, ffn = 2.0 * 768 * 3072, head = 32128.0 * 768;
    assert_close(sums.flops_matrices, 2 * (12 * (6 * square + ffn) + head), 1e-12);
    assert_close(sums.flops_attention, 12.0 * 2 * 12 * 128 * (512 + 512), 1e-12);
    assert_close(sums.prompt_matrices, 2 * (12 * (4 * square + ffn) + 12 * (8 * square + ffn)), 1e-12);
    assert_close(sums.prompt_attention, 12.0 * 2 * 12 * 128 * (512 + 256.5 + 512), 1e-12);
    arena_close(&arena);
}

/* ---- the roofline and drafting ---- */

TEST(the_roofline_turns_where_the_rates_cross) {
    struct arena arena;
    struct spec spec;
    struct rates rates = RATES_DEFAULT;
    preset_spec("mixtral-8x7b", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 4096);
    int64_t turn = roofline_turn(&sums, &rates);
    for (int64_t batch = turn - 1; batch <= turn; batch++) {
        struct traffic t = traffic_of(&sums, (double)batch, 1);
        struct roofline r = roofline_of(&t, &rates);
        assert_int_equal(r.compute_binds, batch == turn);
        assert_close(r.tokens, fmin(rates.read / t.bytes, rates.flops / t.flops), 1e-12);
    }
    rates.flops = 1e30;
    assert_int_equal(roofline_turn(&sums, &rates), 0);
    arena_close(&arena);
}

TEST(drafting_breaks_even_where_two_rows_cost_as_much_a_token) {
    struct arena arena;
    struct spec spec;
    struct rates rates = RATES_DEFAULT;
    preset_spec("mixtral-8x7b", &arena, &spec);
    struct traffic_sums sums = sums_of(&spec, 1);
    rates.flops = 1e30; /* memory alone */
    struct plan_speculation s = plan_speculation(&sums, 1, &rates);
    double one = sums.fixed_bytes + 2 * sums.expert_bytes, two = sums.fixed_bytes + 3.5 * sums.expert_bytes;
    assert_close(s.streamed, 0.75, 1e-12);
    assert_close(s.resident, two / one - 1, 1e-4);
    arena_close(&arena);
    preset_spec("llama-3-8b", &arena, &spec); /* dense: nearly free */
    sums = sums_of(&spec, 1);
    s = plan_speculation(&sums, 1, &rates);
    assert_true(s.resident < 1e-4 && s.streamed < 1e-12);
    arena_close(&arena);
}
