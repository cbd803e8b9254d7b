/*
 * The walk: embedding, layers, head.
 *
 *     h = embedding_multiplier * E[token]
 *     for each layer:  h += r * attention(norm(h))
 *                      h += r * (dense or moe)(norm(h))           r: residual_multiplier
 *     logits = cap(logits_multiplier * head(norm(h)))             for the rows that want them, HEAD_ROWS at a
 * time
 *
 * forward_team runs in every thread of the team; each operation is complete when it returns. pass_forward
 * prepares the batch before (runs, positions, pages) and commits it after.
 */
#include "pass/pass_private.h"

#include "base/checked.h"
#include "layers/attention.h"
#include "layers/rope.h"
#include "moe/moe.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* ---- in every thread ---- */

static void norm_rows(struct exec *exec, const struct store *store, int64_t layer, enum slot weight,
                      enum slot bias, const float *x, int64_t count, float *out) {
    const struct spec *spec = &store->model->spec;
    struct norm_op norm = { .layer_norm = spec->norm != NORM_RMS,
                            .weight = store_vector(store, layer, weight),
                            .bias = store_vector(store, layer, bias),
                            .eps = (float)spec->norm_eps };
    op_norm(exec, &norm, x, spec->width, count, spec->width, out, spec->width);
}

/* Rotary tables. Longrope's factors are a matter of each sequence; all others are one table. */
static void rotary_tables(struct exec *exec, const struct pass *pass, struct step *s) {
    const struct rope_spec *rope = &pass->store->model->spec.rope;
    int64_t half = rope->dims / 2;
    if (half == 0) return;
    bool by_sequence = rope->scaling == ROPE_LONGROPE;
    int64_t tables = by_sequence ? pass->run_count : 1;
    for (int64_t i = 0; i < tables; i++) {
        const struct row_run *run = &pass->runs[i];
        int64_t row = by_sequence ? run->row : 0, count = by_sequence ? run->count : pass->count;
        bool beyond = by_sequence && kv_long_rope(run->sequence);
        rope_frequencies(rope, beyond, s->frequencies);
        op_rope_table(exec, pass->positions + row, count, s->frequencies, half, rope_magnitude(rope, beyond),
                      s->cos + row * half, s->sin + row * half);
    }
}

/* llama4: queries of NoPE layers are scaled by 1 + tune_scale * ln(1 + floor((position + 1) / tune_floor)).
 */
static void tune_queries(struct exec *exec, const struct pass *pass, float *tune) {
    const struct attention_spec *a = &pass->store->model->spec.attention;
    if (exec->team->rank == 0)
        for (int64_t i = 0; i < pass->count; i++) {
            float turns = floorf(((float)pass->positions[i] + 1) / (float)a->tune_floor);
            tune[i] = (float)(log1p((double)turns) * a->tune_scale + 1);
        }
    team_sync(exec->team);
}

/* Into the statistics, in stretches of rows that count. */
static void count_routing(const struct pass *pass, int64_t layer, const struct routing *routing) {
    for (int64_t row = 0, end; row < pass->count; row = end) {
        unsigned uncounted = pass->rows[row].wants & WANT_UNCOUNTED;
        for (end = row + 1; end < pass->count && (pass->rows[end].wants & WANT_UNCOUNTED) == uncounted;)
            end++;
        if (!uncounted) moe_stats_add(pass->stats, layer, routing, row, end - row);
    }
}

static void report_routing(struct exec *exec, struct pass *pass, int64_t layer,
                           const struct routing *routing) {
    if (exec->team->rank != 0) return;
    if (pass->stats) count_routing(pass, layer, routing);
    if (pass->wants_routing && !pass->failed && pass->sink->routing)
        pass->failed = !pass->sink->routing(pass->sink->argument, layer, routing, &pass->error);
}

/* The second half of a layer: normed -> branch. */
static void feed_forward(struct exec *exec, struct pass *pass, int64_t layer, const float *x, float *out) {
    const struct store *store = pass->store;
    const struct spec *spec = &store->model->spec;
    const struct layer_spec *l = &spec->decoder.layers[layer];
    if (l->ffn == FFN_MOE) {
        struct moe_scratch s = moe_scratch_take(exec, spec, pass->count);
        moe_forward(exec, store, layer, pass->count, pass->steps, x, &s, NULL, out);
        report_routing(exec, pass, layer, &s.routing);
        exec_stage(exec, STAGE_OTHER);
        return;
    }
    struct ffn_scratch s = dense_scratch_take(exec, spec, pass->count, l->dense_width);
    struct ffn_part part = { .gate = store_weight(store, layer, SLOT_GATE),
                             .up = store_weight(store, layer, SLOT_UP),
                             .down = store_weight(store, layer, SLOT_DOWN),
                             .gate_bias = store_vector(store, layer, SLOT_GATE_BIAS),
                             .up_bias = store_vector(store, layer, SLOT_UP_BIAS),
                             .down_bias = store_vector(store, layer, SLOT_DOWN_BIAS),
                             .count = pass->count,
                             .steps = pass->steps };
    ffn_forward(exec, spec, &part, 1, l->dense_width, x, &s, out);
    exec_stage(exec, STAGE_DENSE);
}

static void layer_forward(struct exec *exec, struct pass *pass, int64_t layer, const struct row_map *rows,
                          struct step *s) {
    const struct spec *spec = &pass->store->model->spec;
    float residual = (float)spec->residual_multiplier;
    int64_t T = pass->count, D = spec->width;
    size_t mark = exec->arena.used;

    norm_rows(exec, pass->store, layer, SLOT_ATTENTION_NORM, SLOT_ATTENTION_NORM_BIAS, s->h, T, s->normed);
    exec_stage(exec, STAGE_OTHER);
    attention_forward(exec, pass->store, layer, rows, s->normed, NULL, s->branch);
    exec_stage(exec, STAGE_ATTENTION);
    op_add(exec, residual, s->branch, T, D, s->h);
    exec->arena.used = mark;

    norm_rows(exec, pass->store, layer, SLOT_FFN_NORM, SLOT_FFN_NORM_BIAS, s->h, T, s->normed);
    exec_stage(exec, STAGE_OTHER);
    feed_forward(exec, pass, layer, s->normed, s->branch);
    op_add(exec, residual, s->branch, T, D, s->h);
    exec->arena.used = mark;
}

/* The head, for rows [first, first + n) of those that want logits. */
static void head_forward(struct exec *exec, struct pass *pass, const float *h, int64_t first, int64_t n,
                         const struct head_scratch *s) {
    const struct store *store = pass->store;
    const struct spec *spec = &store->model->spec;
    int64_t D = spec->width, V = spec->vocab;
    op_gather(exec, h, pass->logit_rows + first, NULL, n, D, s->x);
    norm_rows(exec, store, -1, SLOT_FINAL_NORM, SLOT_FINAL_NORM_BIAS, s->x, n, s->x);
    int64_t steps = max_i64(0, min_i64(n, pass->logit_steps - first));
    struct matmul_job job =
        matmul_packed(store_weight(store, -1, SLOT_HEAD), store_vector(store, -1, SLOT_HEAD_BIAS), s->x,
                      s->rounded, s->logits, n, steps);
    op_matmul(exec, &job, 1);
    if (spec->logits_multiplier != 1) op_scale(exec, (float)spec->logits_multiplier, s->logits, n, V);
    if (spec->logits_cap > 0)
        op_unary(exec, UNARY_TANH_CAP, (float)spec->logits_cap, s->logits, V, n, V, s->logits, V);

    bool finite = op_all_finite(exec, s->logits, n, V);
    exec_stage(exec, STAGE_HEAD);
    if (exec->team->rank == 0) {
        if (!finite) pass->failed = pass->nonfinite = true;
        for (int64_t i = 0; i < n && !pass->failed; i++)
            pass->failed = !pass->sink->logits(pass->sink->argument, pass->logit_rows[first + i],
                                               s->logits + i * V, &pass->error);
    }
    team_sync(exec->team);
    exec_stage(exec, STAGE_OTHER);
}

static void forward_team(struct team *team, void *argument) {
    struct pass *pass = argument;
    const struct store *store = pass->store;
    const struct spec *spec = &store->model->spec;
    struct exec exec = { .team = team, .kernels = pass->kernels, .numerics = pass->numerics };
    if (team->rank == 0) exec.times = pass->times;
    arena_over(&exec.arena, pass->memory, (size_t)pass->memory_bytes);

    struct step s = step_take(&exec, spec, pass->count);
    op_embed(&exec, store_weight(store, -1, SLOT_EMBED), pass->tokens, pass->count,
             (float)spec->embedding_multiplier, s.h);
    rotary_tables(&exec, pass, &s);
    if (s.tune) tune_queries(&exec, pass, s.tune);
    struct row_map rows = { pass->count, pass->steps, pass->runs, pass->run_count, s.cos, s.sin, s.tune };

    for (int64_t layer = 0; layer < spec->decoder.layer_count; layer++)
        layer_forward(&exec, pass, layer, &rows, &s);

    exec_stage(&exec, STAGE_OTHER);
    struct head_scratch head = head_scratch_take(&exec, spec);
    size_t mark = exec.arena.used;
    for (int64_t first = 0; first < pass->logit_count && !pass->failed; first += HEAD_ROWS) {
        head_forward(&exec, pass, s.h, first, min_i64(HEAD_ROWS, pass->logit_count - first), &head);
        exec.arena.used = mark;
    }
}

/* ---- before and after ---- */

/* Cut the batch into runs of one sequence and role, and reserve their pages. */
static bool prepare(struct pass *pass, const struct batch *batch, struct sy_error *err) {
    assert(batch->count > 0 && batch->count <= pass->limits.rows);
    pass->rows = batch->rows;
    pass->count = batch->count;
    pass->run_count = pass->logit_count = pass->steps = pass->logit_steps = 0;
    pass->wants_routing = false;
    for (int64_t i = 0; i < batch->count; i++) {
        const struct batch_row *row = &batch->rows[i];
        struct kv_sequence *sequence = batch->sequences[row->sequence];
        struct row_run *run = pass->run_count ? &pass->runs[pass->run_count - 1] : NULL;
        bool steps = row->role == ROLE_STEP;
        if (!run || run->sequence != sequence || run->steps != steps) {
            int64_t position =
                run && run->sequence == sequence ? run->position + run->count : kv_length(sequence);
            pass->runs[pass->run_count++] =
                (struct row_run){ .row = i, .position = position, .sequence = sequence, .steps = steps };
            run = &pass->runs[pass->run_count - 1];
        }
        pass->tokens[i] = row->token;
        pass->positions[i] = run->position + run->count++;
        if (steps) {
            assert(pass->steps == i); /* steps come first: then each expert's are its first rows too */
            pass->steps++;
            if (row->wants & WANT_LOGITS) pass->logit_steps++;
        }
        if (row->wants & WANT_LOGITS) pass->logit_rows[pass->logit_count++] = i;
        if (row->wants & WANT_ROUTING) pass->wants_routing = true;
    }
    for (int64_t r = 0; r < pass->run_count; r++) {
        const struct row_run *run = &pass->runs[r];
        if (!kv_reserve(run->sequence, run->position + run->count - kv_length(run->sequence), err))
            return false;
    }
    return true;
}

/* Why are there NaNs? Name the tensor that holds one, if any does. */
static bool blame(const struct pass *pass, struct sy_error *err) {
    char name[160];
    if (binding_find_nonfinite(&pass->store->model->binding, name, sizeof name)) {
        sy_fail(err, SY_ERR_NUMERIC, "the tensor holds NaN or infinity, and the logits with it");
        sy_error_in(err, pass->store->model->path);
        sy_error_at(err, "%s", name);
        return sy_error_remedy(err, "the file is damaged: fetch it again");
    }
    sy_fail(err, SY_ERR_NUMERIC, "the logits hold NaN or infinity, though no weight does");
    sy_error_in(err, pass->store->model->path);
    return sy_error_remedy(err, "try --exact");
}

bool pass_forward(struct pass *pass, const struct batch *batch, const struct pass_sink *sink,
                  struct moe_stats *stats, struct sy_error *err) {
    if (pass->times) stage_begin(pass->times);
    if (!prepare(pass, batch, err)) return false;
    pass->sink = sink;
    pass->stats = stats;
    pass->failed = pass->nonfinite = false;
    pass->error = (struct sy_error){ .code = SY_OK };
    team_run(pass->team, forward_team, pass);
    if (pass->nonfinite) return blame(pass, err);
    if (pass->failed) {
        if (err) *err = pass->error;
        return false;
    }
    for (int64_t r = 0; r < pass->run_count; r++)
        kv_commit(pass->runs[r].sequence, pass->runs[r].count,
                  pass->runs[r].steps ? KV_BY_STEP : KV_BY_PROMPT);
    return true;
}
