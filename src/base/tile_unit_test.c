/*
 * Whether the tile unit may be used: all must be there, and the system is asked last.
 */
#include "base/fpu.h"
#include "base/tile_unit.h"

#include "test.h"

#include <fenv.h>

static bool granted(void) {
    return true;
}

static bool refused(void) {
    return false;
}

static bool not_to_be_asked(void) {
    fail_msg("asked for what is not there");
    return true;
}

/* As a Xeon of 2023 says it. */
static const struct tile_unit_facts whole = {
    .features = 1U << 22 | 1U << 24 | 1U << 25,
    .palette = { 1024 << 16 | 8192, 8 << 16 | 64, 16 },
    .saved = 3 << 17 | 7,
    .permission = granted,
};

TEST(the_tile_unit_needs_all_of_it) {
    assert_int_equal(tile_unit_state_of(&whole), TILE_UNIT_READY);
    for (int bit = 22; bit <= 25; bit++) {
        struct tile_unit_facts less = whole;
        if (bit == 23) continue;
        less.features &= ~(1U << bit);
        less.permission = not_to_be_asked;
        assert_int_equal(tile_unit_state_of(&less), TILE_UNIT_NONE);
    }
    for (int i = 0; i < 3; i++) {
        struct tile_unit_facts small = whole;
        small.palette[i] /= 2;
        small.permission = not_to_be_asked;
        assert_int_equal(tile_unit_state_of(&small), TILE_UNIT_NONE);
    }
}

TEST(the_tile_unit_is_the_systems_to_give) {
    for (int bit = 17; bit <= 18; bit++) {
        struct tile_unit_facts unsaved = whole;
        unsaved.saved &= ~(1ULL << bit);
        unsaved.permission = not_to_be_asked;
        assert_int_equal(tile_unit_state_of(&unsaved), TILE_UNIT_REFUSED);
    }
    struct tile_unit_facts unwanted = whole;
    unwanted.permission = refused;
    assert_int_equal(tile_unit_state_of(&unwanted), TILE_UNIT_REFUSED);
}

TEST(the_tile_unit_may_be_asked_for_twice) {
    assert_int_equal(tile_unit_state(), tile_unit_state());
}

TEST(the_arithmetic_of_tiles_heeds_no_setting) {
    volatile float one = 1, little = 0x1p-30F;
    fesetround(FE_UPWARD);
    unsigned saved = fpu_as_tiles();
    assert_true(one + little == 1);
    fpu_return(saved);
    assert_true(one + little > 1); /* as it was */
    fesetround(FE_TONEAREST);
}
