/*
 * Which experts: the choice of the top_k largest, freely or within the best groups of experts.
 *
 *   b_e     = score_e + bias_e
 *   group_g = the best b of the group, or the sum of its two best
 *   S       = the top_k largest of: b_e where the group is among the groups_kept best, else `masked`
 *
 * Selection bias: DeepSeek-V3 report, arXiv:2412.19437, section 2.1.2; groups: DeepSeek-V2, arXiv:2405.04434,
 * section 2.2.2. Ties, among experts and among groups, go to the lower index; ids are distinct and valid even
 * when scores hold NaN.
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <assert.h>

enum { TILE_ROWS = 16, COST = 32 };

/* Which groups stay: their best come first in `order`. */
static void choose_groups(const struct kernels *kernels, const struct top_k_op *op, const real *biased,
                          int32_t *order) {
    real score[TOP_K_EXPERTS_MAX];
    int64_t size = op->experts / op->groups;
    for (int64_t g = 0; g < op->groups; g++) {
        const real *group = biased + g * size;
        int32_t best[2];
        bool two = op->group_sums_two && size > 1;
        kernels->top_k(group, size, two ? 2 : 1, best);
        score[g] = two ? group[best[0]] + group[best[1]] : group[best[0]];
    }
    kernels->top_k(score, op->groups, op->groups, order);
}

static void choose(const struct kernels *kernels, const struct top_k_op *op, const real *scores,
                   const float *bias, int32_t *ids) {
    if (!bias && op->groups_kept == op->groups) {
        kernels->top_k(scores, op->experts, op->top_k, ids);
        return;
    }
    real biased[TOP_K_EXPERTS_MAX];
    for (int64_t e = 0; e < op->experts; e++) biased[e] = bias ? scores[e] + bias[e] : scores[e];
    if (op->groups_kept < op->groups) {
        int32_t order[TOP_K_EXPERTS_MAX];
        choose_groups(kernels, op, biased, order);
        int64_t size = op->experts / op->groups;
        for (int64_t g = op->groups_kept; g < op->groups; g++)
            for (int64_t e = 0; e < size; e++) biased[order[g] * size + e] = op->masked;
    }
    kernels->top_k(biased, op->experts, op->top_k, ids);
}

void host_top_k(struct exec *exec, const struct top_k_op *op, struct rows scores, const float *bias,
                int32_t *ids) {
    assert(op->experts == scores.width && op->experts <= TOP_K_EXPERTS_MAX && op->top_k <= op->experts);
    assert(op->groups >= 1 && op->groups_kept <= op->groups && op->experts % op->groups == 0);
    for (struct team_loop l =
             team_share(exec->team, ceil_div(scores.count, TILE_ROWS), COST * scores.count * scores.width);
         team_next(&l);)
        for (int64_t i = l.tile * TILE_ROWS; i < min_i64(scores.count, (l.tile + 1) * TILE_ROWS); i++)
            choose(exec->kernels, op, rows_row(scores, i), bias, ids + i * op->top_k);
    team_done(exec->team);
}
