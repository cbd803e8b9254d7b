/*
 * Copying rows from one stride or element type to another: the rotary columns of a query beside its absorbed
 * ones, rows that are to take two bytes an element.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <string.h>

#define TILE_ROWS 64

static void copy_row(const struct kernels *kernels, struct rows x, struct rows out, int64_t i) {
    if (x.dtype == out.dtype)
        memcpy(rows_element(out, i, 0), rows_element(x, i, 0),
               (size_t)((char *)rows_element(x, i, x.width) - (char *)rows_element(x, i, 0)));
    else if (out.dtype == DTYPE_BF16)
        kernels->round_bf16(rows_row(x, i), x.width, rows_row_bf16(out, i));
    else
        for (int64_t j = 0; j < x.width; j++) rows_row(out, i)[j] = bf16_to_f32(rows_row_bf16(x, i)[j]);
}

void host_copy(struct exec *exec, struct rows x, struct rows out) {
    assert(x.count == out.count && x.width == out.width);
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, TILE_ROWS), x.count * x.width);
         team_next(&l);) {
        int64_t end = min_i64(x.count, (l.tile + 1) * TILE_ROWS);
        for (int64_t i = l.tile * TILE_ROWS; i < end; i++) copy_row(exec->kernels, x, out, i);
    }
    team_done(exec->team);
}
