/*
 * A line of show for people: a label, and words beside it that are filled to the width.
 */
#include "commands/show/report.h"

#include <string.h>

#define LABEL_COLUMNS 12

void show_line(const char *label, struct text *words, const struct style *style, struct text *out) {
    int column = LABEL_COLUMNS;
    text_add(out, "%s%-*s%s", style_begin(style, TINT_DIM), LABEL_COLUMNS, label, style_end(style, TINT_DIM));
    for (const char *at = words->data ? words->data : ""; *at;) {
        int length = (int)strcspn(at, " ");
        bool first = column == LABEL_COLUMNS;
        if (!first && column + 1 + length > style->columns) {
            text_add(out, "\n%*s", LABEL_COLUMNS, "");
            column = LABEL_COLUMNS;
            first = true;
        }
        text_add(out, "%s%.*s", first ? "" : " ", length, at);
        column += length + !first;
        at += length + (at[length] == ' ');
    }
    text_add(out, "\n");
    if (words->failed) out->failed = true;
    text_free(words);
}
