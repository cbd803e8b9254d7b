/*
 * Copying rows from one stride to another: the rotary columns of a query beside its absorbed ones, the rows
 * that want logits.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

#define TILE_ROWS 64

void op_copy(struct exec *exec, const float *x, int64_t x_stride, int64_t count, int64_t width, float *out,
             int64_t out_stride) {
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, TILE_ROWS)); team_next(&l);) {
        int64_t end = min_i64(count, (l.tile + 1) * TILE_ROWS);
        for (int64_t i = l.tile * TILE_ROWS; i < end; i++)
            memcpy(out + i * out_stride, x + i * x_stride, (size_t)width * sizeof *out);
    }
    team_sync(exec->team);
}
