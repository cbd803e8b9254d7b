/*
 * Rotary positions: the table of cosines and sines for a batch, its use on heads; and the factor that stands
 * for a position where there is no rotation.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <math.h>

enum { TABLE_ROWS = 8, TUNE_ROWS = 64, ROTATE_TILE = 8192, TABLE_COST = 256, TUNE_COST = 128 };

void host_rope_table(struct exec *exec, const int64_t *positions, const float *inverse_frequency,
                     float magnitude, struct rope_table out) {
    int64_t count = out.cos.count, half = out.cos.width;
    for (struct team_loop l = team_share(exec->team, ceil_div(count, TABLE_ROWS), TABLE_COST * count * half);
         team_next(&l);)
        for (int64_t r = l.tile * TABLE_ROWS; r < min_i64(count, (l.tile + 1) * TABLE_ROWS); r++)
            for (int64_t i = 0; i < half; i++) {
                float angle = (float)positions[r] * inverse_frequency[i];
                rows_row(out.cos, r)[i] = (real)(cos((double)angle) * (double)magnitude);
                rows_row(out.sin, r)[i] = (real)(sin((double)angle) * (double)magnitude);
            }
    team_done(exec->team);
}

void host_rope(struct exec *exec, struct rows x, int64_t heads, int64_t first, struct rope_table table,
               bool interleaved) {
    int64_t half = table.cos.width, head = x.width / heads;
    int64_t rows = max_i64(1, ROTATE_TILE / max_i64(1, heads * half * 2));
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, rows), x.count * heads * half * 2);
         team_next(&l);)
        for (int64_t r = l.tile * rows; r < min_i64(x.count, (l.tile + 1) * rows); r++)
            for (int64_t h = 0; h < heads; h++)
                exec->kernels->rope(rows_row(x, r) + h * head + first, rows_row(table.cos, r),
                                    rows_row(table.sin, r), half, interleaved);
    team_done(exec->team);
}

void host_tune_table(struct exec *exec, const int64_t *positions, double scale, double floor,
                     struct rows out) {
    for (struct team_loop l = team_share(exec->team, ceil_div(out.count, TUNE_ROWS), TUNE_COST * out.count);
         team_next(&l);)
        for (int64_t r = l.tile * TUNE_ROWS; r < min_i64(out.count, (l.tile + 1) * TUNE_ROWS); r++) {
            float turns = floorf(((float)positions[r] + 1) / (float)floor);
            *rows_row(out, r) = (real)(log1p((double)turns) * scale + 1);
        }
    team_done(exec->team);
}
