/*
 * Sums and products of rows. Nothing joins elements, so packed rows are cut as one long array.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 8192 }; /* elements */

void op_add(struct exec *exec, float scale, const float *x, int64_t count, int64_t width, float *y) {
    int64_t n = count * width;
    for (struct team_loop l = team_loop(exec->team, ceil_div(n, TILE)); team_next(&l);)
        exec->kernels->axpy(scale, x + l.tile * TILE, min_i64(TILE, n - l.tile * TILE), y + l.tile * TILE);
    team_sync(exec->team);
}

void op_scale(struct exec *exec, float scale, float *x, int64_t count, int64_t width) {
    int64_t n = count * width;
    for (struct team_loop l = team_loop(exec->team, ceil_div(n, TILE)); team_next(&l);) {
        float *piece = x + l.tile * TILE;
        exec->kernels->scale(scale, piece, min_i64(TILE, n - l.tile * TILE), piece);
    }
    team_sync(exec->team);
}

void op_scale_rows(struct exec *exec, const float *factor, float *x, int64_t count, int64_t width) {
    int64_t rows = max_i64(1, TILE / max_i64(1, width));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows)); team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(count, (l.tile + 1) * rows); i++)
            exec->kernels->scale(factor[i], x + i * width, width, x + i * width);
    team_sync(exec->team);
}
