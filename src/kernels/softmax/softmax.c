/*
 * Softmax of rows: router scores. (Attention calls softmax_block itself.)
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 4096 }; /* elements */

void op_softmax(struct exec *exec, const float *x, int64_t count, int64_t width, float *out) {
    int64_t rows = max_i64(1, TILE / max_i64(1, width));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows)); team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(count, (l.tile + 1) * rows); i++)
            exec->kernels->softmax(x + i * width, width, out + i * width);
    team_sync(exec->team);
}
