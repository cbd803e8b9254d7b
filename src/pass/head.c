/* The head (pass/head.h). */
#include "pass/head.h"

#include "base/checked.h"
#include "kernels/stages.h"

struct head_rows {
    struct rows x, logits; /* [HEAD_ROWS, D], [HEAD_ROWS, V] */
};

static struct head_rows take(struct exec *exec, const struct spec *spec) {
    return (struct head_rows){ exec_operand(exec, HEAD_ROWS, spec->width, 0),
                               exec_rows(exec, HEAD_ROWS, spec->vocab, 0) };
}

/* Rows [first, first + n) of those that want logits. Returns whether all logits are finite. */
static bool logits_of(struct exec *exec, const struct store *store, const struct batch_rows *batch,
                      struct rows h, int64_t first, int64_t n, const struct head_rows *head) {
    const struct spec *spec = &store->spec;
    struct rows logits = rows_part(head->logits, 0, n),
                x = rows_with_steps(rows_part(head->x, 0, n), steps_within(batch->logit_steps, first, n));
    op_gather(exec, h, batch->logit_rows + first, no_rows, x);
    norm_rows(exec, store, -1, SLOT_FINAL_NORM, SLOT_FINAL_NORM_BIAS, x, x);
    const struct product product = { store_weight(store, -1, SLOT_HEAD),
                                     store_vector(store, -1, SLOT_HEAD_BIAS), x, logits };
    op_matmul(exec, &product, 1);
    if (spec->logits_multiplier != 1) op_scale(exec, (float)spec->logits_multiplier, logits);
    if (spec->logits_cap > 0) op_unary(exec, UNARY_TANH_CAP, (float)spec->logits_cap, logits, logits);
    return op_all_finite(exec, logits);
}

void head_forward(struct exec *exec, const struct store *store, const struct batch_rows *batch, struct rows h,
                  head_fn *give, void *argument, bool *go_on) {
    struct head_rows head = take(exec, &store->spec);
    team_settle(exec->team); /* all look at go_on */
    for (int64_t first = 0; first < batch->logit_count && *go_on; first += HEAD_ROWS) {
        int64_t n = min_i64(HEAD_ROWS, batch->logit_count - first);
        bool finite = logits_of(exec, store, batch, h, first, n, &head);
        exec_stage(exec, STAGE_HEAD);
        if (team_alone(exec->team)) *go_on = give(argument, first, rows_part(head.logits, 0, n), finite);
        team_sync(exec->team);
        exec_stage(exec, STAGE_OTHER);
    }
}

int64_t head_bytes(const struct spec *spec, const struct numerics *numerics, int threads) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, threads, NULL);
    take(&exec, spec);
    exec_table(&exec, int, 1); /* op_all_finite's flag */
    return exec_taken(&exec);
}
