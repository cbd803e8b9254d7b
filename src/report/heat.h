/*
 * Heat strips and bars: how much each of many got, in one line of text.
 *
 *     heat_strip:  ▁▃█▁▁▂▅▁    a letter a count, relative to the largest; · for none
 *     bar:         ██████▍      a length relative to a largest value
 *
 * More counts than columns are binned: a letter then stands for `heat_bin` counts that follow one another,
 * summed.
 */
#ifndef REPORT_HEAT_H
#define REPORT_HEAT_H

#include "base/json.h"
#include "report/style.h"

/* How many counts one letter stands for, so that `count` of them fit into `columns`. */
int64_t heat_bin(int64_t count, int columns);
void heat_strip(const int64_t *counts, int64_t count, int columns, const struct style *style,
                struct text *out);

/* How even counts are: their entropy over the most that it can be, from 0 (one has all, or there are none) to
 * 1 (all alike). */
double heat_evenness(const int64_t *counts, int64_t count);

/* value of `largest` as a bar of at most `columns`; what is not 0 shows. */
void bar(double value, double largest, int columns, const struct style *style, struct text *out);

#endif
