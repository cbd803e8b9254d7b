/*
 * A bar for what takes long: share, rate and time left, on one line that is drawn over, from two seconds on,
 * at most ten times a second, and only on a terminal. What was drawn is wiped when it ends.
 *
 *     writing weights  ██████████          52 %  812 MB/s  4.1 s left
 *
 * Time is passed in, so that a test can tell it.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include "report/style.h"
#include <stdint.h>
#include <stdio.h>

struct progress {
    FILE *to;         /* NULL: shows nothing */
    const char *what; /* borrowed */
    const char *unit; /* of the rate: "B/s", "tok/s" */
    int64_t total;
    struct style style;
    double start, drawn; /* seconds */
    bool visible;
};

/* `to` is the terminal's stream, or NULL where there is none. */
struct progress progress_begin(FILE *to, const struct style *style, const char *what, int64_t total,
                               const char *unit, double now);
void progress_show(struct progress *progress, int64_t done, double now);
void progress_end(struct progress *progress);

#endif
