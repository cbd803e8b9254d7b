/*
 * A page of pictures from plain data, as SVG or PNG from one drawing (cairo): rows of bars, a bar of pieces
 * with a limit, and a roofline; several such below one another compare. Without cairo at build time
 * chart_draw says what to install.
 */
#ifndef REPORT_CHART_H
#define REPORT_CHART_H

#include "base/json.h"

struct chart_bar { /* one row: a bar within a bar */
    const char *label, *text;
    double outer, inner; /* of the largest outer */
};

struct chart_piece {
    const char *label;
    double amount;
};

struct chart_point { /* of a roofline */
    const char *label;
    double intensity, flops; /* FLOPs a byte; FLOPs a second that it allows */
};

struct chart {
    const char *title, *subtitle;
    const char *bars_title;
    const struct chart_bar *bars;
    int bar_count;
    const char *pieces_title;
    const struct chart_piece *pieces;
    int piece_count;
    double limit; /* 0: none */
    const char *limit_label;
    const char *roof_title;
    double read, compute; /* the roof: bytes and FLOPs a second */
    const struct chart_point *points;
    int point_count;
    const struct chart *next; /* drawn below, its bars and pieces to the same scale; NULL: the last */
};

enum chart_format { CHART_SVG, CHART_PNG };

/* Appends the file's bytes to `out` (which then is no text: its size counts). */
SY_MUST_CHECK bool chart_draw(const struct chart *chart, enum chart_format format, struct text *out,
                              struct sy_error *err);
bool chart_available(void);

#endif
