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

void op_combine(struct exec *exec, const float *rows, const int64_t *begin, const int64_t *row_of,
                const float *weight, int64_t count, int64_t width, float *y) {
    int64_t pieces = ceil_div(width, COLUMNS);
    for (struct team_loop l = team_loop(exec->team, count * pieces); team_next(&l);) {
        int64_t t = l.tile / pieces, first = l.tile % pieces * COLUMNS, n = min_i64(COLUMNS, width - first);
        float *sum = y + t * width + first;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int64_t a = begin[t]; a < begin[t + 1]; a++)
            exec->kernels->axpy(weight ? weight[a] : 1.0f, rows + row_of[a] * width + first, n, sum);
    }
    team_sync(exec->team);
}
