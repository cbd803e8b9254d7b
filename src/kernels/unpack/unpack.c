/*
 * The operations on single rows of stored numbers: embedding, and keys and values into the cache.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <assert.h>

void op_embed(struct exec *exec, const struct weight *table, const int32_t *ids, int64_t count,
              float multiplier, float *out) {
    int64_t width = table->cols;
    for (struct team_loop l = team_loop(exec->team, count); team_next(&l);) {
        assert(ids[l.tile] >= 0 && ids[l.tile] < table->rows);
        float *row = out + l.tile * width;
        exec->kernels->unpack_row(table, ids[l.tile], row);
        if (multiplier != 1)
            exec->kernels->scale(multiplier, row, width, row); /* by 1 would flush denormals */
    }
    team_sync(exec->team);
}

void op_store_rows(struct exec *exec, enum dtype dtype, const float *x, int64_t x_stride, int64_t count,
                   int64_t heads, int64_t width, void *const *target, int64_t head_stride) {
    enum { ROWS = 16 }; /* a tile: enough work to be worth handing out */
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, ROWS)); team_next(&l);)
        for (int64_t i = l.tile * ROWS; i < min_i64(count, (l.tile + 1) * ROWS); i++)
            for (int64_t h = 0; h < heads; h++)
                exec->kernels->pack_row(dtype, x + i * x_stride + h * width, width,
                                        (char *)target[i] + h * head_stride);
    team_sync(exec->team);
}
