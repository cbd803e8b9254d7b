/*
 * Weighted sums of rows: the way back from the experts. Each token adds its own rows in its own order, so the
 * result does not depend on which expert, or which thread, was first.
 *
 * A tile is a token, or a piece of COLUMNS columns of one: a single token keeps several threads busy too.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

enum { COLUMNS = 1024 };

void host_combine(struct exec *exec, struct rows rows, const int64_t *begin, const int64_t *row_of,
                  struct rows weight, struct rows y) {
    int64_t pieces = ceil_div(y.width, COLUMNS);
    for (struct team_loop l = team_share(exec->team, y.count * pieces, rows.count * rows.width);
         team_next(&l);) {
        int64_t t = l.tile / pieces, first = l.tile % pieces * COLUMNS, n = min_i64(COLUMNS, y.width - first);
        real *sum = rows_row(y, t) + first;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int64_t a = begin[t]; a < begin[t + 1]; a++) {
            if (row_of[a] < 0) continue;
            real factor = rows_exist(weight) ? *rows_row(weight, a) : 1;
            exec->kernels->axpy(factor, rows_row(rows, row_of[a]) + first, n, sum);
        }
    }
    team_done(exec->team);
}
