/*
 * The table of kernels: levels by name, and no hole at any level.
 */
#include "kernels/kernels.h"

#include "test.h"

#include <string.h>

TEST(levels_have_names) {
    enum level level;
    for (int i = 0; i < LEVEL_COUNT; i++) {
        assert_true(level_from_name(level_name((enum level)i), &level));
        assert_int_equal(level, i);
    }
    assert_string_equal(level_name(LEVEL_TILES), "tiles");
    assert_false(level_from_name("tiles", &level)); /* nobody chooses it */
    assert_false(level_from_name("sse", &level));
    assert_false(level_from_name("", &level));
}

TEST(every_level_fills_the_whole_table) {
    for (int i = 0; i <= LEVEL_TILES; i++) {
        struct kernels kernels = kernels_select((enum level)i);
        assert_true(level_runs(kernels.level) && (int)kernels.level <= i);
        assert_int_equal(kernels.level == LEVEL_TILES, i == LEVEL_TILES && level_runs(LEVEL_TILES));
#define OPERATION(op) assert_non_null((void *)(uintptr_t)kernels.op);
        OPERATION_LIST(OPERATION)
#undef OPERATION
    }
}

TEST(a_machine_has_tiles_or_was_refused_them_or_neither) {
    enum level best = level_of_machine();
    assert_string_equal(level_remark(LEVEL_REF), "");
    if (best != LEVEL_AVX512BF16) assert_string_equal(level_remark(best), "");
    assert_true(level_runs(level_of_machine()) && level_runs(LEVEL_REF));
    assert_true(level_of_machine() < LEVEL_TILES);
}

TEST(the_lowest_level_is_the_reference) {
    struct kernels kernels = kernels_select(LEVEL_REF);
    assert_ptr_equal((void *)(uintptr_t)kernels.product_f32, (void *)(uintptr_t)product_f32_ref);
}
