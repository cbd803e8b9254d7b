#include "commands/bench/rank.h"

#include <math.h>
#include <string.h>

/* Orders of n + m runs in which U is at most `most`, as a share of all. By the last of an order: where it is
 * an "after", it is larger than all i "before"; else it adds nothing. ways[j][u]: of i before, j after. */
static double share_up_to(int64_t n, int64_t m, int64_t most) {
    static const int64_t side = RANK_EXACT + 1;
    double ways[RANK_EXACT + 1][RANK_EXACT * RANK_EXACT + 1], total = 1, sum = 0;
    memset(ways, 0, sizeof ways);
    for (int64_t j = 0; j < side; j++) ways[j][0] = 1; /* none before */
    for (int64_t i = 1; i <= n; i++)
        for (int64_t j = 1; j <= m; j++)
            for (int64_t u = n * m; u >= 0; u--) ways[j][u] += u >= i ? ways[j - 1][u - i] : 0;
    for (int64_t k = 1; k <= m; k++) total *= (double)(n + k) / (double)k;
    for (int64_t u = 0; u <= most; u++) sum += ways[m][u];
    return sum / total;
}

static double two_sided(int64_t n, int64_t m, double least) {
    if (n <= RANK_EXACT && m <= RANK_EXACT) return fmin(1, 2 * share_up_to(n, m, (int64_t)ceil(least)));
    double mean = (double)(n * m) / 2, deviation = sqrt((double)(n * m) * (double)(n + m + 1) / 12);
    return fmin(1, erfc((mean - least - 0.5) / deviation / sqrt(2)));
}

struct rank_verdict rank_compare(const double *before, int64_t n, const double *after, int64_t m) {
    double larger = 0, all = (double)(n * m);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < m; j++) larger += after[j] > before[i] ? 1 : after[j] == before[i] ? 0.5 : 0;
    struct rank_verdict verdict = { RANK_NOISE, two_sided(n, m, fmin(larger, all - larger)) };
    if (two_sided(n, m, 0) > RANK_P)
        verdict.change = RANK_TOO_FEW;
    else if (verdict.p <= RANK_P)
        verdict.change = 2 * larger > all ? RANK_FASTER : RANK_SLOWER;
    return verdict;
}

const char *rank_word(enum rank_change change) {
    static const char *const words[] = { "too few runs to tell", "within the noise", "faster", "slower" };
    return words[change];
}
