/*
 * Is one set of runs faster than another by more than the noise? By ranks (Mann and Whitney 1947):
 *
 *     U = the pairs (one before, one after) of which the one after is larger, an equal pair counting half
 *     p = the chance of a U at least as far from its mean n m / 2, where both came from one distribution,
 *         counted exactly over all orders of n + m runs
 *
 * Why ranks: rates on a shared machine have a long tail towards slow and no known distribution, so means and
 * their deviations say little at five runs; that one order in so many comes about by chance holds for any.
 * What differs counts as larger than the noise from p <= 0.05 on: of 20 rows that did not change one is
 * called so. Three runs beside three can reach no less than 0.1, and say so instead of answering; three
 * beside five, or four beside four, can.
 *
 * Runs of one program stand within a minute, those of the other within another: what a neighbour did in one
 * minute and not in the other is no noise to this test. Where it matters, measure both in turn.
 */
#ifndef COMMANDS_BENCH_RANK_H
#define COMMANDS_BENCH_RANK_H

#include <stdint.h>

enum rank_change { RANK_TOO_FEW, RANK_NOISE, RANK_FASTER, RANK_SLOWER };
#define RANK_P 0.05

struct rank_verdict {
    enum rank_change change;
    double p; /* two-sided */
};

/* n, m >= 1 rates each. Beyond RANK_EXACT of a side p is that of the normal distribution. */
enum { RANK_EXACT = 20 };
struct rank_verdict rank_compare(const double *before, int64_t n, const double *after, int64_t m);

const char *rank_word(enum rank_change change); /* "faster", "within the noise" */

#endif
