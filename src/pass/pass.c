/*
 * A pass's life: what it needs is computed from the spec, taken once, and used by every batch.
 */
#include "pass/pass_private.h"

#include "base/checked.h"
#include "base/os.h"
#include "layers/attention.h"
#include "layers/rope.h"
#include "moe/moe.h"

#include <stdlib.h>
#include <string.h>

/* Does any pass run this spec? What cannot be run is named. */
static bool runnable(const struct spec *spec, struct sy_error *err) {
    const char *what = NULL;
    if (spec->encoder.layer_count > 0) what = "an encoder stack";
    if (!spec->decoder.causal) what = "a decoder that sees ahead";
    if (spec->norm_place != NORM_PRE) what = "norms behind the branches";
    if (spec->attention.relative_bias) what = "relative position bias";
    if (spec->attention.joint_qkv) what = "a joint projection of q, k and v";
    if (spec->rope.dims > ROPE_DIMS_MAX) what = "so wide a rotary part";
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        const struct layer_spec *layer = &spec->decoder.layers[l];
        if (layer->ffn == FFN_MOE && layer->dense_width > 0) what = "a dense network beside the experts";
        if (layer->branch != BRANCH_SERIAL) what = "a parallel MoE branch";
        if (layer->cross_attention) what = "cross attention";
    }
    if (what) {
        sy_fail(err, SY_ERR_SHAPE, "%s cannot be run yet (family %s)", what,
                spec->family ? spec->family : "?");
        return sy_error_remedy(err, "`switchyard show` still describes the model");
    }
    return spec->router.experts == 0 || router_check(&spec->router, err);
}

/* ---- step memory ---- */

struct step step_take(struct exec *exec, const struct spec *spec, int64_t rows) {
    struct step s;
    int64_t half = spec->rope.dims / 2;
    s.h = exec_new(exec, float, rows * spec->width);
    s.normed = exec_new(exec, float, rows * spec->width);
    s.branch = exec_new(exec, float, rows * spec->width);
    s.cos = exec_new(exec, float, rows *half);
    s.sin = exec_new(exec, float, rows *half);
    s.frequencies = exec_new_own(exec, float, half);
    s.tune = spec->attention.tuned ? exec_new(exec, float, rows) : NULL;
    return s;
}

struct ffn_scratch dense_scratch_take(struct exec *exec, const struct spec *spec, int64_t rows,
                                      int64_t width) {
    return ffn_scratch_take(exec, 1, ffn_scratch_count(&exec->numerics, spec, rows, width));
}

struct head_scratch head_scratch_take(struct exec *exec, const struct spec *spec) {
    struct head_scratch s;
    s.x = exec_new(exec, float, HEAD_ROWS * spec->width);
    s.rounded = exec_new(exec, float, matmul_rounded_count(&exec->numerics, HEAD_ROWS, spec->width));
    s.logits = exec_new(exec, float, HEAD_ROWS * spec->vocab);
    return s;
}

/* The largest that any one layer, or the head, takes on top of the rows themselves. */
static int64_t layer_bytes(const struct spec *spec, const struct numerics *numerics,
                           const struct pass_limits *limits) {
    struct team team;
    struct exec head = exec_measuring(numerics, &team, limits->threads);
    head_scratch_take(&head, spec);
    exec_new(&head, int, 1); /* op_all_finite's flag */
    int64_t most =
        max_i64((int64_t)head.arena.used, attention_bytes(spec, numerics, limits->rows, limits->threads));
    int64_t widest = 0;
    for (int64_t l = 0; l < spec->decoder.layer_count; l++) {
        if (spec->decoder.layers[l].ffn == FFN_DENSE)
            widest = max_i64(widest, spec->decoder.layers[l].dense_width);
    }
    if (widest > 0) {
        struct exec dense = exec_measuring(numerics, &team, limits->threads);
        dense_scratch_take(&dense, spec, limits->rows, widest);
        most = max_i64(most, (int64_t)dense.arena.used);
    }
    if (spec->router.experts > 0)
        most = max_i64(most, moe_bytes(spec, numerics, limits->rows, limits->threads));
    return most;
}

/* Could the sums above overflow? Every count is below rows x (a few widths); a generous product decides. */
static bool sizes_sane(const struct spec *spec, const struct pass_limits *limits) {
    const struct attention_spec *a = &spec->attention;
    int64_t widest = 1, K = spec->router.experts ? router_choices(&spec->router) : 1, t;
    int64_t widths[] = { spec->width,        spec->vocab,          spec->expert_width,
                         spec->shared_width, spec->router.experts, a->q_lora_rank };
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) widest = max_i64(widest, widths[i]);
    for (int64_t l = 0; l < spec->decoder.layer_count; l++)
        widest = max_i64(widest, spec->decoder.layers[l].dense_width);
    int64_t head = a->head_width + a->value_width + a->kv_lora_rank;
    return size_mul(a->heads, head, &t) && size_add(widest, t, &t) && size_mul(t, K + 16, &t) &&
           size_mul(t, limits->rows + HEAD_ROWS + 1024, &t) && size_mul(t, 64, &t);
}

bool pass_bytes(const struct spec *spec, const struct numerics *numerics, const struct pass_limits *limits,
                int64_t *bytes, struct sy_error *err) {
    if (!sizes_sane(spec, limits))
        return sy_fail(err, SY_ERR_LIMIT, "the step memory of %lld rows overflows 64 bits",
                       (long long)limits->rows);
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, limits->threads);
    step_take(&exec, spec, limits->rows);
    *bytes = (int64_t)exec.arena.used + layer_bytes(spec, numerics, limits);
    return true;
}

bool pass_table_bytes(const struct pass_limits *limits, int64_t *bytes) {
    const struct pass *p = NULL;
    return size_mul_add(limits->rows,
                        sizeof *p->tokens + sizeof *p->positions + sizeof *p->runs + sizeof *p->logit_rows,
                        sizeof *p, bytes);
}

/* ---- open and close ---- */

bool pass_open(const struct store *store, const struct kernels *kernels, const struct numerics *numerics,
               const struct pass_limits *limits, struct team_pool *team, struct pass **out,
               struct sy_error *err) {
    const struct spec *spec = &store->model->spec;
    if (!runnable(spec, err)) return false;
    struct pass *pass = calloc(1, sizeof *pass);
    if (!pass) return sy_fail(err, SY_ERR_MEMORY, "no memory for a pass");
    pass->store = store;
    pass->kernels = kernels;
    pass->numerics = *numerics;
    pass->limits = *limits;
    pass->team = team;
    size_t rows = (size_t)limits->rows;
    pass->tokens = calloc(rows, sizeof *pass->tokens);
    pass->positions = calloc(rows, sizeof *pass->positions);
    pass->runs = calloc(rows, sizeof *pass->runs);
    pass->logit_rows = calloc(rows, sizeof *pass->logit_rows);
    if (!pass->tokens || !pass->positions || !pass->runs || !pass->logit_rows) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for a batch of %zu rows", rows);
        goto fail;
    }
    void *memory;
    if (!pass_bytes(spec, numerics, limits, &pass->memory_bytes, err)) goto fail;
    if (!os_memory_take(pass->memory_bytes, &memory, err)) goto fail;
    pass->memory = memory;
    *out = pass;
    return true;
fail:
    pass_close(pass);
    return false;
}

void pass_time(struct pass *pass, struct stage_times *times) {
    pass->times = times;
    team_pool_time_barriers(pass->team, times != NULL);
}

void pass_close(struct pass *pass) {
    if (!pass) return;
    if (pass->memory) os_memory_release(pass->memory, pass->memory_bytes);
    free(pass->tokens);
    free(pass->positions);
    free(pass->runs);
    free(pass->logit_rows);
    free(pass);
}
