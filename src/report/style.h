/*
 * How a report may look where it is shown: plain text, letters beyond ASCII, colour. The decision is pure,
 * made once from facts that a command knows (is it a terminal, NO_COLOR, TERM, the locale), and passed down.
 */
#ifndef REPORT_STYLE_H
#define REPORT_STYLE_H

#include <stdbool.h>

struct style {
    bool colour;  /* ANSI sequences */
    bool unicode; /* UTF-8 letters; else ASCII */
    int columns;  /* of a line */
};

/* terminal: output goes to one. no_color, term, locale: the environment's NO_COLOR, TERM and (first that is
 * set of) LC_ALL, LC_CTYPE, LANG; NULL where unset. What goes to a file is plain, but keeps the locale's
 * letters. */
struct style style_decide(bool terminal, const char *no_color, const char *term, const char *locale);

enum tint { TINT_NONE, TINT_BOLD, TINT_DIM, TINT_WARM, TINT_COUNT };
const char *style_begin(const struct style *style, enum tint tint); /* "" without colour */
const char *style_end(const struct style *style, enum tint tint);

/* Columns that UTF-8 text takes: one a code point, none for colour sequences. */
int style_width(const char *text);

#endif
