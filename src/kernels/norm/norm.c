/*
 * Norms of rows. Tiles of whole rows, of about TILE elements.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 8192 };

void host_norm(struct exec *exec, const struct norm_op *norm, struct rows x, struct rows out) {
    assert(x.count == out.count && x.width == out.width);
    int64_t rows = max_i64(1, TILE / max_i64(1, x.width));
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, rows), x.count * x.width);
         team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(x.count, (l.tile + 1) * rows); i++) {
            const real *from = rows_row(x, i);
            real *to = rows_row(out, i);
            if (norm->layer_norm)
                exec->kernels->layer_norm(from, norm->weight, norm->bias, norm->eps, x.width, to);
            else
                exec->kernels->rms_norm(from, norm->weight, norm->eps, x.width, to);
        }
    team_done(exec->team);
}
