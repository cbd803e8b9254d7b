/*
 * Rows by index: the way of a token to its experts.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

enum { TILE = 8192 }; /* elements */

void op_gather(struct exec *exec, const float *x, const int64_t *source, const float *factor, int64_t count,
               int64_t width, float *out) {
    int64_t rows = max_i64(1, TILE / max_i64(1, width));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows)); team_next(&l);)
        for (int64_t r = l.tile * rows; r < min_i64(count, (l.tile + 1) * rows); r++) {
            const float *from = x + source[r] * width;
            if (factor)
                exec->kernels->scale(factor[r], from, width, out + r * width);
            else
                memcpy(out + r * width, from, (size_t)width * sizeof *out);
        }
    team_sync(exec->team);
}
