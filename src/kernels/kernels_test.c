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
    assert_true(level_from_name("amx", &level)); /* a level to come */
    assert_int_equal(level, LEVEL_AVX512BF16);
    assert_false(level_from_name("sse", &level));
    assert_false(level_from_name("", &level));
}

TEST(every_level_fills_the_whole_table) {
    for (int i = 0; i < LEVEL_COUNT; i++) {
        struct kernels kernels = kernels_select((enum level)i);
        assert_true(kernels.level <= level_of_machine() && (int)kernels.level <= i);
#define OPERATION(op) assert_non_null((void *)(uintptr_t)kernels.op);
        OPERATION_LIST(OPERATION)
#undef OPERATION
    }
}

TEST(the_lowest_level_is_the_reference) {
    struct kernels kernels = kernels_select(LEVEL_REF);
    assert_ptr_equal((void *)(uintptr_t)kernels.product_f32, (void *)(uintptr_t)product_f32_ref);
}
