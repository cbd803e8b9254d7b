/*
 * Is every element finite? One flag for the team: threads that find otherwise lower it.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

enum { TILE = 16384 }; /* elements */

static bool all_finite(const float *x, int64_t n) {
    const uint32_t exponent = 0x7f800000;
    uint32_t found = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        found |= (bits & exponent) == exponent;
    }
    return !found;
}

bool op_all_finite(struct exec *exec, const float *x, int64_t count, int64_t width) {
    size_t mark = exec->arena.used;
    int *flag = exec_new(exec, int, 1);
    if (exec->team->rank == 0) __atomic_store_n(flag, 1, __ATOMIC_RELAXED);
    team_sync(exec->team);
    int64_t n = count * width;
    for (struct team_loop l = team_loop(exec->team, ceil_div(n, TILE)); team_next(&l);)
        if (!all_finite(x + l.tile * TILE, min_i64(TILE, n - l.tile * TILE)))
            __atomic_store_n(flag, 0, __ATOMIC_RELAXED);
    team_sync(exec->team);
    bool finite = __atomic_load_n(flag, __ATOMIC_RELAXED);
    team_sync(exec->team); /* all have read it: the memory may be used again */
    exec->arena.used = mark;
    return finite;
}
