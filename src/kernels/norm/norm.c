/*
 * Norms of rows. Tiles of whole rows, of about TILE elements.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE = 8192 };

void op_norm(struct exec *exec, const struct norm_op *norm, const float *x, int64_t x_stride, int64_t count,
             int64_t width, float *out, int64_t out_stride) {
    int64_t rows = max_i64(1, TILE / max_i64(1, width));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows)); team_next(&l);)
        for (int64_t i = l.tile * rows; i < min_i64(count, (l.tile + 1) * rows); i++) {
            const float *from = x + i * x_stride;
            float *to = out + i * out_stride;
            if (norm->layer_norm)
                exec->kernels->layer_norm(from, norm->weight, norm->bias, norm->eps, width, to);
            else
                exec->kernels->rms_norm(from, norm->weight, norm->eps, width, to);
        }
    team_sync(exec->team);
}
