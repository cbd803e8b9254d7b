#include "commands/plan/words.h"

#include "report/number.h"

#include <string.h>

char *plan_bytes(double bytes, char *text) {
    return number_bytes(bytes < 9e18 ? (int64_t)bytes : INT64_MAX, text);
}

char *plan_amount(double amount, const char *unit, char *text) {
    return number_rate(amount, unit, text);
}

void plan_paragraph(const char *words, int indent, const struct style *style, struct text *out) {
    int column = 0;
    for (const char *at = words; *at;) {
        int length = (int)strcspn(at, " "), width = length;
        for (int i = 0; i < length; i++) width -= (at[i] & 0xc0) == 0x80;
        if (column > indent && column + 1 + width > style->columns) {
            text_add(out, "\n%*s", indent, "");
            column = indent;
        } else if (column > 0 && column != indent) {
            text_add(out, " ");
            column++;
        }
        text_add(out, "%.*s", length, at);
        column += width;
        at += length + (at[length] == ' ');
    }
    text_add(out, "\n");
}

void plan_section(const char *title, const struct style *style, struct text *out) {
    text_add(out, "\n%s%s%s\n", style_begin(style, TINT_BOLD), title, style_end(style, TINT_BOLD));
}
