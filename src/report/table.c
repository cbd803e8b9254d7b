#include "report/table.h"

#include <stdlib.h>
#include <string.h>

void table_add(struct table *table, const char *const *cells) {
    if (table->failed) return;
    if (table->rows == table->room) {
        int64_t room = table->room ? 2 * table->room : 16;
        char **grown = realloc(table->cells, (size_t)(room * table->columns) * sizeof *grown);
        if (!grown) {
            table->failed = true;
            return;
        }
        table->cells = grown;
        table->room = room;
    }
    char **row = table->cells + table->rows * table->columns;
    for (int c = 0; c < table->columns; c++) {
        row[c] = strdup(cells[c] ? cells[c] : "");
        if (!row[c]) table->failed = true;
    }
    table->rows++;
}

static const char *cell(const struct table *table, int64_t row, int column) {
    const char *text = table->cells[row * table->columns + column];
    return text ? text : "";
}

static void print_row(const struct table *table, int64_t row, const int *widths, struct text *out) {
    text_add(out, "%*s", table->indent, "");
    int owed = 0; /* spaces before the next letter: none are printed at the end of a line */
    for (int c = 0; c < table->columns; c++) {
        const char *text = cell(table, row, c);
        int gap = widths[c] - style_width(text);
        bool right = table->align && table->align[c] == 'r';
        if (text[0]) {
            text_add(out, "%*s%s", owed + (right ? gap : 0), "", text);
            owed = right ? 0 : gap;
        } else {
            owed += gap;
        }
        owed += 2;
    }
}

void table_print(const struct table *table, const struct style *style, struct text *out) {
    int widths[TABLE_COLUMNS_MAX] = { 0 };
    for (int64_t r = 0; r < table->rows; r++)
        for (int c = 0; c < table->columns; c++) {
            int width = style_width(cell(table, r, c));
            if (width > widths[c]) widths[c] = width;
        }
    for (int64_t r = 0; r < table->rows; r++) {
        enum tint tint = table->head && r == 0 ? TINT_DIM : TINT_NONE;
        text_add(out, "%s", style_begin(style, tint));
        print_row(table, r, widths, out);
        text_add(out, "%s\n", style_end(style, tint));
    }
    if (table->failed) out->failed = true;
}

void table_free(struct table *table) {
    for (int64_t i = 0; i < table->rows * table->columns; i++) free(table->cells[i]);
    free(table->cells);
    table->cells = NULL;
    table->rows = table->room = 0;
}
