/*
 * Rows by index: the way of a token to its experts.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

enum { TILE = 8192 }; /* elements */

void host_gather(struct exec *exec, struct rows x, const int64_t *source, struct rows factor,
                 struct rows out) {
    assert(x.width == out.width);
    int64_t rows = max_i64(1, TILE / max_i64(1, out.width));
    for (struct team_loop l = team_share(exec->team, ceil_div(out.count, rows), out.count * out.width);
         team_next(&l);)
        for (int64_t r = l.tile * rows; r < min_i64(out.count, (l.tile + 1) * rows); r++) {
            const real *from = rows_row(x, source[r]);
            if (rows_exist(factor))
                exec->kernels->scale(*rows_row(factor, r), from, out.width, rows_row(out, r));
            else
                memcpy(rows_row(out, r), from, (size_t)out.width * sizeof *from);
        }
    team_done(exec->team);
}
