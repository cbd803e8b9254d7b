/* Arenas and checked sizes. */
#include "base/arena.h"
#include "base/checked.h"
#include "base/random.h"
#include "test.h"
#include <stdlib.h>
#include <string.h>

TEST(size_arithmetic) {
    int64_t r = 7;
    assert_true(size_mul(3, 5, &r) && r == 15);
    assert_true(size_mul(0, INT64_MAX, &r) && r == 0);
    assert_true(size_add(INT64_MAX, 0, &r) && r == INT64_MAX);
    assert_true(size_round_up(65, 64, &r) && r == 128);
    assert_true(size_round_up(0, 64, &r) && r == 0);
    assert_true(size_mul_add(3, 5, 1, &r) && r == 16);
    r = 7; /* a refusal leaves it alone */
    assert_false(size_mul(INT64_MAX, 2, &r) || size_mul((int64_t)1 << 32, (int64_t)1 << 31, &r));
    assert_false(size_mul(-1, 2, &r) || size_mul(2, -1, &r) || size_mul(-1, -1, &r));
    assert_false(size_add(INT64_MAX, 1, &r) || size_add(-1, 2, &r) || size_add(2, -1, &r));
    assert_false(size_mul_add(INT64_MAX, 1, 1, &r) || size_mul_add(1, 1, -1, &r));
    assert_false(size_round_up(INT64_MAX - 3, 64, &r) || size_round_up(-1, 64, &r) ||
                 size_round_up(1, 0, &r));
    assert_int_equal(r, 7);
    assert_int_equal(ceil_div(7, 3), 3);
    assert_int_equal(round_up(7, 4), 8);
}

/* Law: takes are zeroed, aligned and disjoint, at sizes around every threshold. */
TEST(arena_random_takes) {
    struct random random = random_seed(2);
    struct arena arena;
    arena_open(&arena);
    enum { TAKES = 400 };
    unsigned char *memory[TAKES];
    size_t sizes[TAKES], total = 0;
    for (int i = 0; i < TAKES; ++i) {
        sizes[i] = 1 + random_below(&random, (uint64_t)1 << (1 + random_below(&random, 18)));
        memory[i] = arena_take(&arena, (int64_t)sizes[i], 1, NULL);
        assert_non_null(memory[i]);
        assert_int_equal((uintptr_t)memory[i] % ARENA_ALIGN, 0);
        for (size_t k = 0; k < sizes[i]; ++k) assert_true(memory[i][k] == 0);
        memset(memory[i], i & 0xff, sizes[i]);
        total += (sizes[i] + 63) / 64 * 64;
    }
    for (int i = 0; i < TAKES; ++i)
        for (size_t k = 0; k < sizes[i]; ++k) assert_true(memory[i][k] == (i & 0xff));
    assert_int_equal(arena.total, total);
    arena_reset(&arena);
    assert_int_equal(arena.total, 0);
    assert_non_null(arena_take(&arena, 1, 1, NULL));
    arena_close(&arena);
}

TEST(arena_large_take_keeps_the_current_block) {
    struct arena arena;
    arena_open(&arena);
    char *a = arena_take(&arena, 64, 1, NULL);
    char *large = arena_take(&arena, 5 << 20, 1, NULL);
    char *b = arena_take(&arena, 64, 1, NULL);
    assert_non_null(large);
    assert_true(b > a && b - a <= 128); /* a gap lies between them under the address sanitizer */
    arena_close(&arena);
}

TEST(arena_refuses_overflow) {
    struct arena arena;
    struct sy_error err;
    arena_open(&arena);
    assert_null(arena_take(&arena, INT64_MAX, 2, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_null(arena_take(&arena, -1, 1, &err));
    assert_null(arena_take(&arena, 1, SIZE_MAX, &err));
    assert_null(arena_take(&arena, INT64_MAX, 1, &err));
    assert_null(arena_new(&arena, int64_t, ((int64_t)1 << 61), &err));
    assert_non_null(arena_take(&arena, 0, SIZE_MAX / 2, &err)); /* nothing of anything fits */
    arena_close(&arena);
}

TEST(arena_fixed_takes_exactly_what_was_computed) {
    _Alignas(64) char memory[64 * 6];
    int64_t bytes = 0, one;
    static const int64_t counts[] = { 1, 0, 65, 64, 3 };
    for (int i = 0; i < 5; ++i) {
        assert_true(arena_take_bytes(counts[i], 1, &one));
        bytes += one;
    }
    assert_int_equal(bytes, 64 * 5);
    struct arena arena;
    struct sy_error err;
    memset(memory, 'x', sizeof memory);
    arena_over(&arena, memory, (size_t)bytes);
    struct arena copy = arena; /* another thread's cursor */
    for (int i = 0; i < 5; ++i) {
        char *a = arena_take(&arena, counts[i], 1, &err), *b = arena_take(&copy, counts[i], 1, &err);
        assert_non_null(a);
        assert_ptr_equal(a, b);
    }
    assert_int_equal(memory[0], 'x'); /* as it lay */
    assert_null(arena_take(&arena, 1, 1, &err));
    assert_string_equal(err.message, "64 bytes do not fit: 320 of 320 bytes are taken");
    arena_reset(&arena);
    assert_ptr_equal(arena_take(&arena, 1, 1, &err), memory);
    arena_close(&arena);
    assert_null(arena_take(&arena, 1, 1, &err));
    assert_false(arena_take_bytes(INT64_MAX, 1, &one) || arena_take_bytes(-1, 1, &one) ||
                 arena_take_bytes(1, SIZE_MAX, &one));
}

TEST(arena_zero_take_is_never_null) {
    struct arena arena;
    arena_open(&arena);
    assert_non_null(arena_take(&arena, 0, 8, NULL));
    assert_null(arena.list);
    arena_over(&arena, NULL, 0);
    assert_non_null(arena_take(&arena, 0, 8, NULL));
    assert_null(arena_take(&arena, 1, 8, NULL));
}

TEST(arena_sealed_gives_nothing) {
    struct arena arena;
    struct sy_error err;
    arena_open(&arena);
    assert_non_null(arena_take(&arena, 1, 1, &err));
    arena_seal(&arena);
    assert_null(arena_take(&arena, 1, 1, &err));
    assert_int_equal(err.code, SY_ERR_MEMORY);
    assert_null(arena_string(&arena, "x", 1, &err));
    arena_close(&arena);
}

TEST(arena_texts) {
    struct arena arena;
    arena_open(&arena);
    assert_string_equal(arena_string(&arena, "hello", 4, NULL), "hell");
    assert_string_equal(arena_string(&arena, NULL, 0, NULL), "");
    assert_string_equal(arena_format(&arena, NULL, "%s.%d", "layer", 7), "layer.7");
    char *large = arena_format(&arena, NULL, "%0200000d", 5);
    assert_int_equal(strlen(large), 200000);
    arena_close(&arena);
}
