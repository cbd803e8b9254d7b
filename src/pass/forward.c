/*
 * A pass: the batch made ready, the walk and the head in every thread of the team, and the sequences
 * committed. On the way the routing is counted (stage five) and given to whoever asked.
 */
#include "pass/pass_private.h"

#include "kernels/stages.h"
#include "pass/head.h"

#include <assert.h>

/* ---- what leaves the walk, by rank 0 between barriers ---- */

/* Into the statistics, in stretches of rows that count. */
static void count_routing(const struct pass *pass, int64_t layer, const struct routing *routing) {
    const struct batch_rows *batch = &pass->batch;
    for (int64_t row = 0, end; row < batch->count; row = end) {
        unsigned uncounted = batch->rows[row].wants & WANT_UNCOUNTED;
        for (end = row + 1; end < batch->count && (batch->rows[end].wants & WANT_UNCOUNTED) == uncounted;)
            end++;
        if (!uncounted) moe_stats_add(pass->stats, layer, routing, row, end - row);
    }
}

static void give_routing(void *argument, struct exec *exec, int64_t layer, const struct routing *routing) {
    struct pass *pass = argument;
    if (exec->team->rank != 0) return;
    if (pass->stats) count_routing(pass, layer, routing);
    if (pass->batch.wants_routing && pass->go_on && pass->sink->routing)
        pass->go_on = pass->sink->routing(pass->sink->argument, layer, routing, &pass->error);
}

static bool give_logits(void *argument, int64_t first, struct rows logits, bool finite) {
    struct pass *pass = argument;
    const struct pass_sink *sink = pass->sink;
    pass->nonfinite = !finite;
    if (!finite) return false;
    for (int64_t i = 0; i < logits.count; i++)
        if (!sink->logits(sink->argument, pass->batch.logit_rows[first + i], rows_row(logits, i),
                          &pass->error))
            return false;
    return true;
}

/* ---- in every thread ---- */

static void forward_team(struct team *team, void *argument) {
    struct pass *pass = argument;
    struct exec exec = exec_host(team, pass->kernels, &pass->numerics, pass->memory, pass->memory_bytes);
    if (team->rank == 0) exec.times = pass->times;
    const struct walk walk = { pass->store, &pass->batch, give_routing, pass };
    struct walked walked = walk_forward(&exec, &walk);
    head_forward(&exec, pass->store, &pass->batch, walked.h, give_logits, pass, &pass->go_on);
}

/* ---- before and after ---- */

/* Why are there NaNs? Name the tensor that holds one, if any does. */
static bool blame(const struct pass *pass, struct sy_error *err) {
    char name[160];
    bool found = store_find_nonfinite(pass->store, name, sizeof name);
    sy_fail(err, SY_ERR_NUMERIC,
            found ? "the tensor holds NaN or infinity, and the logits with it"
                  : "the logits hold NaN or infinity, though no weight does");
    if (pass->store->path) sy_error_in(err, pass->store->path);
    if (!found) return sy_error_remedy(err, "try SY_PRECISION_EXACT");
    sy_error_at(err, "%s", name);
    return sy_error_remedy(err, "the file is damaged: fetch it again, or convert the model anew");
}

bool pass_forward(struct pass *pass, const struct batch *batch, const struct pass_sink *sink,
                  struct sy_error *err) {
    if (pass->times) stage_begin(pass->times);
    assert(batch->count > 0 && batch->count <= pass->limits.rows);
    if (!batch_rows_fill(&pass->batch, batch, err)) return false;
    pass->sink = sink;
    pass->go_on = true, pass->nonfinite = false;
    pass->error = (struct sy_error){ .code = SY_OK };
    team_run(pass->team, forward_team, pass);
    if (pass->nonfinite) return blame(pass, err);
    if (!pass->go_on) {
        if (err) *err = pass->error;
        return false;
    }
    batch_rows_commit(&pass->batch);
    return true;
}
