#include "report/style.h"
#include "test.h"

TEST(colour_needs_a_terminal_that_wants_it) {
    assert_true(style_decide(true, NULL, "xterm", "C.UTF-8").colour);
    assert_true(style_decide(true, "", "xterm", NULL).colour);
    assert_false(style_decide(false, NULL, "xterm", NULL).colour);
    assert_false(style_decide(true, "1", "xterm", NULL).colour);
    assert_false(style_decide(true, NULL, "dumb", NULL).colour);
    assert_false(style_decide(true, NULL, NULL, NULL).colour);
}

TEST(letters_follow_the_locale) {
    assert_true(style_decide(false, NULL, NULL, "de_DE.UTF-8").unicode);
    assert_true(style_decide(false, NULL, NULL, "C.utf8").unicode);
    assert_false(style_decide(false, NULL, NULL, "C").unicode);
    assert_false(style_decide(false, NULL, NULL, NULL).unicode);
}

TEST(tints_vanish_without_colour) {
    struct style plain = { .colour = false }, colour = { .colour = true };
    assert_string_equal(style_begin(&plain, TINT_BOLD), "");
    assert_string_equal(style_end(&plain, TINT_BOLD), "");
    assert_string_equal(style_begin(&colour, TINT_NONE), "");
    assert_string_equal(style_end(&colour, TINT_NONE), "");
    assert_true(style_begin(&colour, TINT_WARM)[0]);
}

TEST(width_counts_code_points) {
    assert_int_equal(style_width(""), 0);
    assert_int_equal(style_width("abc"), 3);
    assert_int_equal(style_width("\xe2\x96\x81\xe2\x96\x88"), 2);
    assert_int_equal(style_width("\033[1mab\033[0m"), 2);
    assert_int_equal(style_width("ab\033[1"), 2); /* cut off */
}
