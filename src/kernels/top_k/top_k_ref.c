/*
 * The k largest, the definition: a total order, and its first k.
 *
 * i comes before j when x[i] > x[j]; when neither is larger, the lower index does; NaN comes after
 * everything. Being total, the order gives distinct ids whatever x holds. k passes over n need no memory, and
 * are fast enough for a router: n is the number of experts.
 */
#include "kernels/kernels.h"

#include <math.h>

static bool before(const real *x, int64_t i, int64_t j) {
    if (isnan(x[i]) != isnan(x[j])) return isnan(x[j]);
    if (x[i] > x[j]) return true;
    if (x[i] < x[j]) return false;
    return i < j;
}

void top_k_ref(const real *x, int64_t n, int64_t k, int32_t *restrict ids) {
    for (int64_t c = 0; c < k; c++) {
        int64_t best = -1;
        for (int64_t i = 0; i < n; i++) {
            bool taken = c > 0 && !before(x, ids[c - 1], i); /* the choices so far are all up to the last */
            if (!taken && (best < 0 || before(x, i, best))) best = i;
        }
        ids[c] = (int32_t)best;
    }
}
