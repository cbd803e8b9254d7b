/*
 * How many experts a batch touches.
 *
 *   distinct(T) = E * (1 - (1 - K/E)^T)           each token leaves an expert out with probability 1 - K/E
 *   distinct(T) = sum over e of 1 - (1 - q_e)^T   measured: q_e is the share of tokens that chose expert e
 *
 * The tokens of a decode batch come from different texts, so independence holds; those of one text do not
 * choose independently, which experts_touched_together measures (for drafting). The formula is the coupon
 * collector's with K draws at once.
 */
#include "plan/experts_touched.h"

#include <math.h>
#include <stdlib.h>

/* 1 - (1 - q)^n without cancellation */
static double at_least_once(double q, double n) {
    return q >= 1 ? 1 : -expm1(n * log1p(-q));
}

double experts_touched(double experts, double chosen, double rows) {
    return experts > 0 ? experts * at_least_once(chosen / experts, rows) : 0;
}

double experts_touched_trace(const struct trace *trace, double rows) {
    double sum = 0;
    for (int64_t i = 0; i < trace->layers * trace->experts; i++)
        sum += at_least_once((double)trace->counts[i] / (double)trace->positions, rows);
    return sum / (double)trace->layers;
}

double experts_touched_together(const struct trace *trace, int64_t run) {
    int64_t places = trace->positions - run + 1, distinct = 0;
    int64_t *seen = places > 0 ? calloc((size_t)trace->experts, sizeof *seen) : NULL; /* stamps */
    if (!seen) return NAN;
    for (int64_t layer = 0, stamp = 0; layer < trace->layers; layer++)
        for (int64_t p = 0; p < places; p++) {
            stamp++;
            for (int64_t i = 0; i < run * trace->most; i++) {
                int32_t e = trace_choice(trace, p + i / trace->most, layer)[i % trace->most];
                if (e < 0 || seen[e] == stamp) continue;
                seen[e] = stamp;
                distinct++;
            }
        }
    free(seen);
    return (double)distinct / (double)(places * trace->layers);
}
