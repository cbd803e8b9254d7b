#include "report/heat.h"
#include "test.h"

static const struct style ascii = { .columns = 80 }, letters = { .columns = 80, .unicode = true },
                          colour = { .columns = 80, .unicode = true, .colour = true };

TEST(heat_is_relative_to_the_largest) {
    struct text out = { 0 };
    heat_strip((const int64_t[]){ 0, 1, 50, 100 }, 4, 80, &ascii, &out);
    assert_string_equal(out.data, ".148");
    text_free(&out);
    heat_strip((const int64_t[]){ 0, 1, 50, 100 }, 4, 80, &letters, &out);
    assert_string_equal(out.data, "·▁▄█");
    text_free(&out);
}

TEST(heat_of_nothing_is_dots) {
    struct text out = { 0 };
    heat_strip((const int64_t[]){ 0, 0, 0 }, 3, 80, &ascii, &out);
    assert_string_equal(out.data, "...");
    text_free(&out);
}

TEST(many_counts_are_binned) {
    int64_t counts[256];
    for (int i = 0; i < 256; i++) counts[i] = i < 4 ? 10 : 0;
    assert_int_equal(heat_bin(256, 70), 4);
    assert_int_equal(heat_bin(64, 70), 1);
    struct text out = { 0 };
    heat_strip(counts, 256, 70, &ascii, &out);
    assert_int_equal(out.size, 64);
    assert_int_equal(out.data[0], '8');
    assert_int_equal(out.data[1], '.');
    text_free(&out);
    heat_strip(counts, 255, 70, &ascii, &out); /* the last bin is short */
    assert_int_equal(out.size, 64);
    text_free(&out);
}

TEST(colour_changes_nothing_but_colour) {
    struct text out = { 0 };
    heat_strip((const int64_t[]){ 0, 5, 5, 1 }, 4, 80, &colour, &out);
    assert_int_equal(style_width(out.data), 4);
    text_free(&out);
}

TEST(bars_show_what_is_not_zero) {
    struct text out = { 0 };
    bar(1e-9, 1, 20, &ascii, &out);
    assert_string_equal(out.data, "#");
    text_free(&out);
    bar(1, 2, 4, &letters, &out);
    assert_string_equal(out.data, "██");
    text_free(&out);
    bar(3, 2, 4, &ascii, &out); /* never longer than the room */
    assert_string_equal(out.data, "####");
    text_free(&out);
    bar(0, 2, 4, &ascii, &out);
    assert_null(out.data);
}

TEST(evenness_is_one_where_all_are_alike) {
    assert_true(heat_evenness((const int64_t[]){ 0, 0, 0, 0 }, 4) == 0); /* nothing yet */
    assert_true(heat_evenness((const int64_t[]){ 0, 9, 0, 0 }, 4) == 0);
    assert_true(heat_evenness((const int64_t[]){ 1, 1, 0, 0 }, 4) == 0.5);
    assert_true(heat_evenness((const int64_t[]){ 3, 3, 3, 3 }, 4) == 1);
    assert_true(heat_evenness((const int64_t[]){ 7 }, 1) == 1);
}
