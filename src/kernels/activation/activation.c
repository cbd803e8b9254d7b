/*
 * Activations over rows. Nothing joins elements, so dense rows are cut as one long array.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 4096 /* elements: a few microseconds */, COST = 4 };

void host_gated(struct exec *exec, const struct gated_op *gated, struct rows gate, struct rows up,
                struct rows out) {
    assert(rows_dense(gate) && rows_dense(out) && gate.count == out.count && gate.width == out.width);
    assert(!rows_exist(up) || (rows_dense(up) && gate.count == up.count && gate.width == up.width));
    int64_t n = gate.count * gate.width;
    for (struct team_loop l = team_share(exec->team, ceil_div(n, TILE), COST * n); team_next(&l);) {
        int64_t i = l.tile * TILE;
        exec->kernels->gated(gated->activation, rows_row(gate, 0) + i,
                             rows_exist(up) ? rows_row(up, 0) + i : NULL, min_i64(TILE, n - i), gated->limit,
                             gated->alpha, rows_row(out, 0) + i);
    }
    team_done(exec->team);
}

void host_unary(struct exec *exec, enum unary unary, float cap, struct rows x, struct rows out) {
    assert(x.count == out.count && x.width == out.width);
    int64_t pieces = ceil_div(x.width, TILE), rows = max_i64(1, TILE / max_i64(1, x.width));
    for (struct team_loop l =
             team_share(exec->team, ceil_div(x.count, rows) * pieces, COST * x.count * x.width);
         team_next(&l);) {
        int64_t j = l.tile % pieces * TILE, first = l.tile / pieces * rows;
        for (int64_t i = first; i < min_i64(x.count, first + rows); i++)
            exec->kernels->unary(unary, rows_row(x, i) + j, min_i64(TILE, x.width - j), cap,
                                 rows_row(out, i) + j);
    }
    team_done(exec->team);
}
