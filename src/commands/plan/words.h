/*
 * Pieces of a plan's text that its parts share: quantities, paragraphs, heads of sections.
 */
#ifndef COMMANDS_PLAN_WORDS_H
#define COMMANDS_PLAN_WORDS_H

#include "base/json.h"
#include "plan/roofline.h"
#include "report/style.h"

/* A double that counts bytes, parameters or FLOPs, as people write it: "25.8 GFLOP". */
char *plan_bytes(double bytes, char *text);
char *plan_amount(double amount, const char *unit, char *text);

/* "1.00 T": a count that may pass int64. */
char *plan_count(double count, char *text);
/* "12 h 30 min", "98 days", "31 years". */
char *plan_hours(double hours, char *text);

/* Money in whatever currency: "1,234", "12.34", "0.42", "0.0213". */
char *plan_money(double amount, char *text);

/* Where a rate is from: "assumed". */
const char *plan_source_word(enum rates_source source);

/* Words filled to the width, indented after the first line. */
void plan_paragraph(const char *words, int indent, const struct style *style, struct text *out);

/* "Memory", as the head of a section. */
void plan_section(const char *title, const struct style *style, struct text *out);

#endif
