/*
 * A table of text: columns as wide as their widest cell, two spaces between, no lines drawn. Cells are
 * copied.
 *
 *     struct table table = { .columns = 3, .align = "lrr" };
 *     table_row(&table, "part", "parameters", "share");         // the first row is the head, if .head is set
 *     table_row(&table, "routed experts", "45.1 B", "96.6 %");
 *     table_print(&table, &style, &out);
 *     table_free(&table);
 *
 * Running out of memory shows in out->failed.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include "base/json.h"
#include "report/style.h"

#define TABLE_COLUMNS_MAX 12

struct table {
    int columns;
    const char *align; /* one letter a column: l or r; NULL: all left */
    bool head;         /* the first row is one: shown dim */
    int indent;        /* spaces before each line */
    char **cells;      /* rows * columns, owned */
    int64_t rows, room;
    bool failed;
};

/* One row: `columns` strings. NULL is an empty cell. */
#define table_row(table, ...) table_add((table), (const char *const[]){ __VA_ARGS__ })
void table_add(struct table *table, const char *const *cells);
void table_print(const struct table *table, const struct style *style, struct text *out);
void table_free(struct table *table);

#endif
