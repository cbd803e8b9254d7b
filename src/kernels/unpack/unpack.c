/*
 * The operations on single rows of stored numbers: embedding, and keys and values into the cache.
 */
#include "base/checked.h"
#include "kernels/ops.h"
#include "tensor/records.h"

/* A row of a table in records is brought back by and by. */
static void unpack_records(const struct kernels *kernels, const struct weight *table, int64_t row,
                           real *out) {
    enum { COLS = 256 };
    unsigned char room[COLS * sizeof(float) * RECORD];
    for (int64_t k = 0; k < table->cols; k += COLS) {
        struct weight part = records_rows(table, row, 1, k, min_i64(COLS, table->cols - k), room);
        kernels->unpack_row(&part, 0, out + k);
    }
}

enum { UNPACK_COST = 2, PACK_COST = 2 }; /* of an element, in those of base/team.h */

void host_embed(struct exec *exec, const struct weight *table, const int32_t *ids, float multiplier,
                struct rows out) {
    assert(out.width == table->cols);
    for (struct team_loop l = team_share(exec->team, out.count, UNPACK_COST * out.count * out.width);
         team_next(&l);) {
        assert(ids[l.tile] >= 0 && ids[l.tile] < table->rows);
        real *row = rows_row(out, l.tile);
        if (table->records)
            unpack_records(exec->kernels, table, ids[l.tile], row);
        else
            exec->kernels->unpack_row(table, ids[l.tile], row);
        if (multiplier != 1)
            exec->kernels->scale(multiplier, row, out.width, row); /* by 1 would flush denormals */
    }
    team_done(exec->team);
}

void host_store_rows(struct exec *exec, enum dtype dtype, struct rows x, int64_t heads, void *const *target,
                     int64_t head_stride) {
    enum { ROWS = 16 }; /* a tile: enough work to be worth handing out */
    int64_t width = x.width / heads;
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, ROWS), PACK_COST * x.count * x.width);
         team_next(&l);)
        for (int64_t i = l.tile * ROWS; i < min_i64(x.count, (l.tile + 1) * ROWS); i++)
            for (int64_t h = 0; h < heads; h++)
                exec->kernels->pack_row(dtype, rows_row(x, i) + h * width, width,
                                        (char *)target[i] + h * head_stride);
    team_done(exec->team);
}
