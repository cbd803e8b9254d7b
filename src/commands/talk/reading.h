/*
 * A sign of life while a prompt is read, on a terminal: how long it is, at once where it is long, and then
 * a bar with the rate. It is wiped when the answer begins.
 */
#ifndef COMMANDS_TALK_READING_H
#define COMMANDS_TALK_READING_H

#include "report/progress.h"

struct reading {
    FILE *to; /* NULL: shows nothing */
    struct style style;
    struct progress progress;
    double start;
    bool begun;
};

/* `to`: a terminal's stream, or NULL. */
struct reading reading_begin(FILE *to, const struct style *style, double now);
/* So many ids of `count` have run. */
void reading_show(struct reading *reading, int64_t done, int64_t count, double now);
void reading_end(struct reading *reading);

#endif
