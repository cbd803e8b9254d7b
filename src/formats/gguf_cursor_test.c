/*
 * The cursor: fields at odd addresses, and each of them in a file that ends one byte too early.
 */
#include "formats/gguf_cursor.h"

#include "test.h"
#include <string.h>

static const unsigned char bytes[] = { 0xff, 1, 2, 3, 0x84, 2, 0, 0, 0, 0, 0, 0, 0, 'a', 'b' };
enum { U32_AT = 1, TEXT_AT = 5, TEXT_SIZE = 10 };

TEST(gguf_fields_are_little_endian_at_any_address) {
    struct gguf_cursor cursor = { bytes, sizeof bytes, U32_AT };
    uint32_t u32 = 0;
    uint64_t u64 = 0;
    struct gguf_text text = { 0 };
    assert_true(gguf_take_u32(&cursor, &u32, NULL));
    assert_int_equal(u32, 0x84030201);
    assert_true(gguf_take_text(&cursor, &text, NULL));
    assert_int_equal(text.size, 2);
    assert_memory_equal(text.data, "ab", 2);
    assert_int_equal(cursor.at, sizeof bytes);
    cursor.at = U32_AT;
    assert_true(gguf_take_u64(&cursor, &u64, NULL));
    assert_true(u64 == 0x0000000284030201);
}

TEST(gguf_fields_end_with_the_file) {
    struct sy_error err = { 0 };
    struct gguf_cursor cursor = { bytes, U32_AT + 3, U32_AT };
    uint32_t u32 = 7;
    uint64_t u64 = 7;
    struct gguf_text text = { 0 };
    assert_false(gguf_take_u32(&cursor, &u32, &err));
    assert_non_null(strstr(err.message, "4 bytes are wanted at byte 1, where only 3 are left"));
    cursor.size = U32_AT + 7;
    assert_false(gguf_take_u64(&cursor, &u64, &err));
    assert_int_equal(cursor.at, U32_AT);
    assert_int_equal(u32 + u64, 14);
    cursor = (struct gguf_cursor){ bytes, TEXT_AT + TEXT_SIZE - 1, TEXT_AT };
    assert_false(gguf_take_text(&cursor, &text, &err));
    assert_non_null(strstr(err.message, "2 bytes of a string cannot lie in the 1 bytes from byte 13 on"));
    assert_null(text.data);
}

TEST(gguf_counts_fit_what_is_left) {
    struct gguf_cursor cursor = { bytes, 12, 2 };
    assert_true(gguf_count_check(&cursor, 3, 3, "threes", NULL));
    assert_false(gguf_count_check(&cursor, 4, 3, "threes", NULL));
    assert_false(gguf_count_check(&cursor, UINT64_MAX, 1, "bytes", NULL));
    assert_false(gguf_count_check(&cursor, UINT64_MAX / 3 + 2, 3, "threes", NULL)); /* 3 * count wraps */
}
