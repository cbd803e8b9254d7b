/*
 * Activations over rows. Nothing joins elements, so packed rows are cut as one long array.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 4096 }; /* elements: a few microseconds */

void op_gated(struct exec *exec, enum activation activation, float limit, float alpha, const float *gate,
              const float *up, int64_t count, int64_t width, float *out) {
    int64_t n = count * width;
    for (struct team_loop l = team_loop(exec->team, ceil_div(n, TILE)); team_next(&l);) {
        int64_t i = l.tile * TILE;
        exec->kernels->gated(activation, gate + i, up ? up + i : NULL, min_i64(TILE, n - i), limit, alpha,
                             out + i);
    }
    team_sync(exec->team);
}

void op_unary(struct exec *exec, enum unary unary, float cap, const float *x, int64_t x_stride, int64_t count,
              int64_t width, float *out, int64_t out_stride) {
    int64_t pieces = ceil_div(width, TILE), rows = max_i64(1, TILE / max_i64(1, width));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows) * pieces); team_next(&l);) {
        int64_t j = l.tile % pieces * TILE, first = l.tile / pieces * rows;
        for (int64_t i = first; i < min_i64(count, first + rows); i++)
            exec->kernels->unary(unary, x + i * x_stride + j, min_i64(TILE, width - j), cap,
                                 out + i * out_stride + j);
    }
    team_sync(exec->team);
}
