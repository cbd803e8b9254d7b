/*
 * Rotary positions: the table of cosines and sines for a batch, and its use on heads.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <math.h>

enum { TABLE_ROWS = 8, ROTATE_TILE = 8192 };

void op_rope_table(struct exec *exec, const int64_t *positions, int64_t count, const float *inverse_frequency,
                   int64_t half, float magnitude, float *cosine, float *sine) {
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, TABLE_ROWS)); team_next(&l);)
        for (int64_t r = l.tile * TABLE_ROWS; r < min_i64(count, (l.tile + 1) * TABLE_ROWS); r++)
            for (int64_t i = 0; i < half; i++) {
                float angle = (float)positions[r] * inverse_frequency[i];
                cosine[r * half + i] = (float)(cos((double)angle) * (double)magnitude);
                sine[r * half + i] = (float)(sin((double)angle) * (double)magnitude);
            }
    team_sync(exec->team);
}

void op_rope(struct exec *exec, float *x, int64_t x_stride, int64_t count, int64_t heads, int64_t head_width,
             int64_t first, const float *cosine, const float *sine, int64_t half, bool interleaved) {
    int64_t rows = max_i64(1, ROTATE_TILE / max_i64(1, heads * half * 2));
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, rows)); team_next(&l);)
        for (int64_t r = l.tile * rows; r < min_i64(count, (l.tile + 1) * rows); r++)
            for (int64_t h = 0; h < heads; h++)
                exec->kernels->rope(x + r * x_stride + h * head_width + first, cosine + r * half,
                                    sine + r * half, half, interleaved);
    team_sync(exec->team);
}
