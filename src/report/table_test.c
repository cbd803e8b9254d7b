#include "report/table.h"
#include "test.h"

static const struct style plain = { .columns = 80 };

TEST(columns_are_as_wide_as_their_widest_cell) {
    struct table table = { .columns = 3, .align = "lrl", .head = true };
    struct text out = { 0 };
    table_row(&table, "part", "count", "why");
    table_row(&table, "experts", "45.1 B", NULL);
    table_row(&table, "\xce\xbb", "7", "x");
    table_print(&table, &plain, &out);
    assert_string_equal(out.data, "part      count  why\n"
                                  "experts  45.1 B\n"
                                  "\xce\xbb             7  x\n");
    table_free(&table);
    text_free(&out);
}

TEST(no_line_ends_in_spaces) {
    struct table table = { .columns = 2, .indent = 2 };
    struct text out = { 0 };
    table_row(&table, "a", NULL);
    table_row(&table, "bbb", "c");
    table_row(&table, NULL, "d");
    table_print(&table, &plain, &out);
    assert_string_equal(out.data, "  a\n  bbb  c\n       d\n");
    table_free(&table);
    text_free(&out);
}

TEST(tables_grow) {
    struct table table = { .columns = 1 };
    struct text out = { 0 };
    for (int i = 0; i < 1000; i++) table_row(&table, "row");
    table_print(&table, &plain, &out);
    assert_int_equal(table.rows, 1000);
    assert_int_equal(out.size, 4000);
    table_free(&table);
    text_free(&out);
}
