/*
 * What happens to the choices of a row once they are made: take their scores, turn scores into weights, sort.
 * Rows of a few numbers each, so plain loops.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE_ROWS = 64, COST = 16 };

void host_pick(struct exec *exec, struct rows x, const int32_t *ids, struct rows out) {
    int64_t K = out.width;
    for (struct team_loop l = team_share(exec->team, ceil_div(x.count, TILE_ROWS), COST * x.count * K);
         team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(x.count, (l.tile + 1) * TILE_ROWS); i++)
            for (int64_t j = 0; j < K; j++) rows_row(out, i)[j] = rows_row(x, i)[ids[i * K + j]];
    team_done(exec->team);
}

static void weigh_row(const struct weigh_op *op, int64_t top_k, real *weights) {
    real sum = 0;
    for (int64_t j = 0; j < top_k; j++) sum += weights[j];
    for (int64_t j = 0; j < top_k; j++)
        weights[j] = (op->normalise ? weights[j] / (sum + op->epsilon) : weights[j]) * op->scale;
}

void host_weigh(struct exec *exec, const struct weigh_op *weigh, struct rows weights) {
    for (struct team_loop l =
             team_share(exec->team, ceil_div(weights.count, TILE_ROWS), COST * weights.count * weights.width);
         team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(weights.count, (l.tile + 1) * TILE_ROWS); i++)
            weigh_row(weigh, weights.width, rows_row(weights, i));
    team_done(exec->team);
}

/* Insertion: stable, and quick for the few there are. A NaN stays where it is met. */
static void sort_row(int64_t top_k, int32_t *ids, real *weights) {
    for (int64_t j = 1; j < top_k; j++) {
        int32_t id = ids[j];
        real weight = weights[j];
        int64_t to = j;
        for (; to > 0 && weight > weights[to - 1]; to--) {
            ids[to] = ids[to - 1];
            weights[to] = weights[to - 1];
        }
        ids[to] = id;
        weights[to] = weight;
    }
}

void host_sort_choices(struct exec *exec, int32_t *ids, struct rows weights) {
    for (struct team_loop l =
             team_share(exec->team, ceil_div(weights.count, TILE_ROWS), COST * weights.count * weights.width);
         team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(weights.count, (l.tile + 1) * TILE_ROWS); i++)
            sort_row(weights.width, ids + i * weights.width, rows_row(weights, i));
    team_done(exec->team);
}
