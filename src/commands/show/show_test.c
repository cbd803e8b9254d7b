#include "commands/show/report.h"
#include "test.h"

TEST(a_router_in_a_sentence) {
    struct router_spec router = {
        .experts = 8, .top_k = 2, .weigh = WEIGH_NORMALISED, .scale = 1, .groups = 1
    };
    struct text text = { 0 };
    show_router(&router, &text);
    assert_string_equal(text.data, "2 of 8 experts: softmax over all, weights normalised to 1");
    text_free(&text);
    router = (struct router_spec){ .experts = 256,
                                   .top_k = 8,
                                   .score = SCORE_SIGMOID,
                                   .selection_bias = true,
                                   .select = SELECT_TOP_K_IN_GROUPS,
                                   .groups = 8,
                                   .groups_kept = 4,
                                   .group_score = GROUP_BEST_TWO,
                                   .weigh = WEIGH_NORMALISED,
                                   .scale = 2.5 };
    show_router(&router, &text);
    assert_string_equal(
        text.data, "8 of 256 experts: sigmoid of each logit, a bias that chooses but does not weigh, from "
                   "the 4 best of 8 groups (by their best two), weights normalised to 1, times 2.5");
    text_free(&text);
}

TEST(an_attention_in_a_sentence) {
    struct layer_spec layers[2] = { { .window = WINDOW_SLIDING, .window_size = 128, .rope = true },
                                    { .rope = true } };
    struct spec spec = { .decoder = { .layer_count = 2, .layers = layers } };
    struct text text = { 0 };
    spec.attention = (struct attention_spec){ .heads = 64, .kv_heads = 8, .head_width = 64, .sinks = true };
    spec.rope = (struct rope_spec){ .theta = 150000, .dims = 64, .scaling = ROPE_YARN, .factor = 32 };
    show_attention(&spec, &text);
    assert_string_equal(
        text.data,
        "64 heads of 64 on 8 of keys and values, rope 150000 yarn x32, sinks, windows of 128 in 1 layers");
    text_free(&text);
}
