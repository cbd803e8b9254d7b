#include "model/pattern.h"
#include "test.h"
#include <string.h>

static bool fits(const char *pattern, const char *name, int64_t layer, int64_t expert) {
    int64_t l, e;
    return pattern_match(pattern, name, &l, &e) && l == layer && e == expert;
}

TEST(patterns_take_numbers) {
    assert_true(fits("a.{L}.b", "a.0.b", 0, -1));
    assert_true(fits("a.{L}.b", "a.12.b", 12, -1));
    assert_true(fits("a.{L}.e.{E}.w1", "a.3.e.127.w1", 3, 127));
    assert_true(fits("a", "a", -1, -1));
    assert_false(fits("a.{L}.b", "a..b", 0, -1));
    assert_false(fits("a.{L}.b", "a.x.b", 0, -1));
    assert_false(fits("a.{L}.b", "a.1", 1, -1));
    assert_false(fits("a.{L}.b", "a.1.bc", 1, -1));
    assert_false(fits("a", "ab", -1, -1));
    assert_false(fits("ab", "a", -1, -1));
    assert_false(fits("", "a", -1, -1));
}

TEST(patterns_want_plain_decimals) {
    assert_false(fits("a.{L}.b", "a.01.b", 1, -1));
    assert_false(fits("a.{L}.b", "a.00.b", 0, -1));
    assert_false(fits("a.{L}.b", "a.-1.b", -1, -1));
    assert_false(fits("a.{L}.b", "a.+1.b", 1, -1));
    assert_false(fits("a.{L}.b", "a.99999999999999999999999.b", -1, -1));
    assert_true(fits("a.{L}.b", "a.999999999.b", 999999999, -1));
    assert_false(fits("a.{L}.b", "a.1000000000.b", 1000000000, -1));
}

TEST(patterns_with_stars) {
    assert_true(fits("*rotary_emb.inv_freq", "model.layers.0.self_attn.rotary_emb.inv_freq", -1, -1));
    assert_true(fits("*rotary_emb.inv_freq", "rotary_emb.inv_freq", -1, -1));
    assert_false(fits("*rotary_emb.inv_freq", "rotary_emb.inv_freqs", -1, -1));
    assert_true(fits("vision_model.*", "vision_model.a.0.b", -1, -1));
    assert_false(fits("vision_model.*", "language.vision_model.a", -1, -1));
    assert_true(fits("model.layers.{L}.*", "model.layers.61.eh_proj.weight", 61, -1));
    assert_true(fits("*", "", -1, -1));
    assert_true(fits("*ab*ab", "aabxaabab", -1, -1));
    assert_true(fits("*.{L}.x", "a.1.2.x", 2, -1));
}

TEST(a_pattern_writes_what_it_matches) {
    static const char *const patterns[] = { "model.norm.weight", "model.layers.{L}.mlp.gate.weight",
                                            "model.layers.{L}.mlp.experts.{E}.up_proj.weight" };
    char name[80], form[80];
    int64_t layer, expert;
    for (int i = 0; i < 3; i++) {
        bool l = strstr(patterns[i], "{L}") != NULL, e = strstr(patterns[i], "{E}") != NULL;
        assert_true(pattern_write(patterns[i], 30, 207, "", name, sizeof name));
        assert_true(fits(patterns[i], name, l ? 30 : -1, e ? 207 : -1));
        pattern_of(name, form, sizeof form, &layer, &expert);
        assert_string_equal(form, patterns[i]);
        assert_int_equal(layer, l ? 30 : -1);
        assert_int_equal(expert, e ? 207 : -1);
    }
    assert_true(pattern_write("a.{L}.*", 1, 2, "rest", name, sizeof name));
    assert_string_equal(name, "a.1.rest");
    assert_false(pattern_write("a.{L}.b", 12, 0, "", name, 6));
    assert_true(pattern_write("a.{L}.b", 12, 0, "", name, 7));
}
