#include "commands/plan/words.h"

#include "report/number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *plan_bytes(double bytes, char *text) {
    return number_bytes(bytes < 9e18 ? (int64_t)bytes : INT64_MAX, text);
}

char *plan_amount(double amount, const char *unit, char *text) {
    return number_rate(amount, unit, text);
}

char *plan_count(double count, char *text) {
    return number_count(count < 9e18 ? (int64_t)count : INT64_MAX, text);
}

char *plan_hours(double hours, char *text) {
    char number[NUMBER_TEXT];
    if (hours < 48) return number_seconds(3600 * hours, text);
    if (hours < 24 * 365.0 * 2)
        snprintf(text, NUMBER_TEXT, "%.*f days", hours < 2400 ? 1 : 0, hours / 24);
    else if (hours < 24 * 365.25 * 99.5)
        snprintf(text, NUMBER_TEXT, "%.1f years", hours / 24 / 365.25);
    else
        snprintf(text, NUMBER_TEXT, "%s years",
                 number_exact(hours < 1e18 ? llround(hours / 24 / 365.25) : INT64_MAX, number));
    return text;
}

char *plan_money(double amount, char *text) {
    int decimals = amount < 1e-9 ? 9 : amount < 0.0995 ? 2 - (int)floor(log10(amount)) : 2;
    if (amount >= 999.5 && amount < 9e15) return number_exact(llround(amount), text);
    snprintf(text, NUMBER_TEXT, "%.*f", decimals, amount);
    return text;
}

const char *plan_source_word(enum rates_source source) {
    static const char *const words[] = { [RATES_ASSUMED] = "assumed",
                                         [RATES_GIVEN] = "given",
                                         [RATES_MEASURED] = "measured",
                                         [RATES_MACHINE] = "the machine's" };
    return words[source];
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
