/*
 * How many choices of a row count, when the router does not fix it: top-p and all-positive routers take every
 * expert in order and cut the list here.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE_ROWS = 16, COST = 8 };

static int32_t cut_row(enum cut cut, float p, const real *weights, int64_t top_k) {
    int64_t n = 0;
    if (cut == CUT_POSITIVE) {
        while (n < top_k && weights[n] > 0) n++;
    } else {
        real sum = 0;
        do sum += weights[n++];
        while (n < top_k && sum < p);
    }
    return (int32_t)n;
}

void host_cut(struct exec *exec, enum cut cut, float p, struct rows weights, int32_t *counts) {
    for (struct team_loop l =
             team_share(exec->team, ceil_div(weights.count, TILE_ROWS), COST * weights.count * weights.width);
         team_next(&l);) {
        int64_t end = min_i64(weights.count, (l.tile + 1) * TILE_ROWS);
        for (int64_t i = l.tile * TILE_ROWS; i < end; i++)
            counts[i] = cut_row(cut, p, rows_row(weights, i), weights.width);
    }
    team_done(exec->team);
}
