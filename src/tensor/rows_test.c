/*
 * Views of rows: parts, columns and heads are places in the same memory, with their steps and their share of
 * the room.
 */
#include "tensor/rows.h"

#include "test.h"

enum { COUNT = 7, WIDTH = 12, STRIDE = 15, ROOM = 64 };

TEST(views_of_rows_are_places_in_them) {
    static real memory[COUNT * STRIDE];
    static unsigned char room[COUNT * ROOM];
    struct rows x = rows_with_steps(rows_over(memory, COUNT, WIDTH), 3);
    x.stride = STRIDE, x.packed = room, x.packed_stride = ROOM;
    struct rows part = rows_part(x, 2, 4), columns = rows_columns(x, 5, 6), both = rows_columns(part, 5, 6);
    assert_ptr_equal(rows_row(part, 1), memory + 3 * STRIDE);
    assert_ptr_equal(rows_row(columns, 3), memory + 3 * STRIDE + 5);
    assert_ptr_equal(rows_row(both, 3), memory + 5 * STRIDE + 5);
    assert_ptr_equal(part.packed, room + 2 * ROOM);
    assert_true(part.count == 4 && part.width == WIDTH && part.steps == 1 && part.packed_stride == ROOM);
    assert_true(columns.count == COUNT && columns.width == 6 && columns.steps == 3 && !columns.packed);
    assert_int_equal(rows_part(x, 0, 2).steps, 2);
    assert_int_equal(rows_part(x, 3, 4).steps, 0);
    assert_int_equal(rows_part(x, COUNT, 0).count, 0);
    assert_false(rows_dense(x));
}

TEST(heads_of_rows_are_rows) {
    static real memory[COUNT * WIDTH];
    struct rows x = rows_with_steps(rows_over(memory, COUNT, WIDTH), 2), heads = rows_heads(x, 3);
    assert_true(rows_dense(heads) && heads.count == 3 * COUNT && heads.width == 4 && heads.steps == 6);
    assert_ptr_equal(rows_row(heads, 7), memory + 2 * WIDTH + 4);
}

TEST(rows_of_two_bytes_have_their_own_elements) {
    static uint16_t memory[COUNT * STRIDE];
    struct rows x = rows_over_bf16(memory, COUNT, WIDTH);
    x.stride = STRIDE;
    assert_ptr_equal(rows_row_bf16(rows_columns(rows_part(x, 2, 3), 4, 5), 1), memory + 3 * STRIDE + 4);
}

/* What was never taken is passed on as such. */
TEST(rows_that_do_not_exist_have_no_views) {
    struct rows none = { .count = 4, .width = 4, .stride = 4 };
    assert_false(rows_exist(rows_part(none, 1, 2)));
    assert_false(rows_exist(rows_columns(none, 1, 2)));
}
