/*
 * Is every element finite? One flag for the team: threads that find otherwise lower it.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

enum { TILE = 16384 }; /* elements */

#ifdef SY_REAL_F64
typedef uint64_t real_bits;
static const real_bits exponent = 0x7ff0000000000000;
#else
typedef uint32_t real_bits;
static const real_bits exponent = 0x7f800000;
#endif

static bool finite_all(const real *x, int64_t n) {
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        real_bits bits;
        memcpy(&bits, &x[i], sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

bool host_all_finite(struct exec *exec, struct rows x) {
    assert(rows_dense(x));
    struct exec_mark mark = exec_mark(exec);
    int *flag = exec_table(exec, int, 1);
    if (team_alone(exec->team)) __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
    int64_t n = x.count * x.width;
    for (struct team_loop l = team_share(exec->team, ceil_div(n, TILE), n); team_next(&l);)
        if (!finite_all(rows_row(x, 0) + l.tile * TILE, min_i64(TILE, n - l.tile * TILE)))
            __atomic_store_n(flag, 0, __ATOMIC_RELAXED);
    team_settle(exec->team);
    bool finite = __atomic_load_n(flag, __ATOMIC_RELAXED);
    exec_release(exec, mark);
    return finite;
}
