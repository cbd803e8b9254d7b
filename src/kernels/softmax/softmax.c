/*
 * Softmax of rows: router scores. (Attention calls softmax_block itself.)
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 4096 /* elements */, COST = 4 };

void host_softmax(struct exec *exec, struct rows x, struct rows out) {
    assert(x.count == out.count && x.width == out.width);
    int64_t rows = max_i64(1, TILE / max_i64(1, x.width));
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, rows), COST * x.count * x.width);
         team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(x.count, (l.tile + 1) * rows); i++)
            exec->kernels->softmax(rows_row(x, i), x.width, rows_row(out, i));
    team_done(exec->team);
}
