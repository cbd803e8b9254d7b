/*
 * What happens to the choices of a row once they are made: take their scores, turn scores into weights, sort.
 * Rows of a few numbers each, so plain loops.
 */
#include "base/checked.h"
#include "kernels/ops.h"

enum { TILE_ROWS = 64 };

void op_pick(struct exec *exec, const float *x, int64_t count, int64_t width, const int32_t *ids,
             int64_t top_k, float *out) {
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, TILE_ROWS)); team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(count, (l.tile + 1) * TILE_ROWS); i++)
            for (int64_t j = 0; j < top_k; j++) out[i * top_k + j] = x[i * width + ids[i * top_k + j]];
    team_sync(exec->team);
}

static void weigh(bool normalise, float epsilon, float scale, int64_t top_k, float *weights) {
    float sum = 0.0f;
    for (int64_t j = 0; j < top_k; j++) sum += weights[j];
    for (int64_t j = 0; j < top_k; j++)
        weights[j] = (normalise ? weights[j] / (sum + epsilon) : weights[j]) * scale;
}

void op_weigh(struct exec *exec, bool normalise, float epsilon, float scale, int64_t count, int64_t top_k,
              float *weights) {
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, TILE_ROWS)); team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(count, (l.tile + 1) * TILE_ROWS); i++)
            weigh(normalise, epsilon, scale, top_k, weights + i * top_k);
    team_sync(exec->team);
}

/* Insertion: stable, and quick for the few there are. A NaN stays where it is met. */
static void sort(int64_t top_k, int32_t *ids, float *weights) {
    for (int64_t j = 1; j < top_k; j++) {
        int32_t id = ids[j];
        float weight = weights[j];
        int64_t to = j;
        for (; to > 0 && weight > weights[to - 1]; to--) {
            ids[to] = ids[to - 1];
            weights[to] = weights[to - 1];
        }
        ids[to] = id;
        weights[to] = weight;
    }
}

void op_sort_choices(struct exec *exec, int64_t count, int64_t top_k, int32_t *ids, float *weights) {
    for (struct team_loop l = team_loop(exec->team, ceil_div(count, TILE_ROWS)); team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(count, (l.tile + 1) * TILE_ROWS); i++)
            sort(top_k, ids + i * top_k, weights + i * top_k);
    team_sync(exec->team);
}
