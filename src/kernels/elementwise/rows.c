/*
 * Sums and products of rows. Nothing joins elements, so dense rows are cut as one long array.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 8192 }; /* elements */

void host_add(struct exec *exec, float scale, struct rows x, struct rows y) {
    assert(rows_dense(x) && rows_dense(y) && x.count == y.count && x.width == y.width);
    int64_t n = x.count * x.width;
    const real *from = rows_row(x, 0);
    real *to = rows_row(y, 0);
    for (struct team_loop l = team_share(exec->team, ceil_div(n, TILE), n); team_next(&l);)
        exec->kernels->axpy(scale, from + l.tile * TILE, min_i64(TILE, n - l.tile * TILE),
                            to + l.tile * TILE);
    team_done(exec->team);
}

void host_scale(struct exec *exec, float scale, struct rows x) {
    assert(rows_dense(x));
    int64_t n = x.count * x.width;
    for (struct team_loop l = team_share(exec->team, ceil_div(n, TILE), n); team_next(&l);) {
        real *piece = rows_row(x, 0) + l.tile * TILE;
        exec->kernels->scale(scale, piece, min_i64(TILE, n - l.tile * TILE), piece);
    }
    team_done(exec->team);
}

void host_scale_rows(struct exec *exec, struct rows factor, struct rows x) {
    int64_t rows = max_i64(1, TILE / max_i64(1, x.width));
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, rows), x.count * x.width);
         team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(x.count, (l.tile + 1) * rows); i++)
            exec->kernels->scale(*rows_row(factor, i), rows_row(x, i), x.width, rows_row(x, i));
    team_done(exec->team);
}
