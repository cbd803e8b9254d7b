/*
 * Pieces of a plan's text that its parts share: quantities, paragraphs, heads of sections.
 */
#ifndef COMMANDS_PLAN_WORDS_H
#define COMMANDS_PLAN_WORDS_H

#include "base/json.h"
#include "report/style.h"

/* A double that counts bytes, parameters or FLOPs, as people write it: "25.8 GFLOP". */
char *plan_bytes(double bytes, char *text);
char *plan_amount(double amount, const char *unit, char *text);

/* Words filled to the width, indented after the first line. */
void plan_paragraph(const char *words, int indent, const struct style *style, struct text *out);

/* "Memory", as the head of a section. */
void plan_section(const char *title, const struct style *style, struct text *out);

#endif
