/*
 * A pass's life: what it needs is computed from the spec, taken once, and used by every batch.
 */
#include "base/checked.h"
#include "base/os.h"
#include "pass/head.h"
#include "pass/pass_private.h"
#include "pass/walk.h"

#include <stdlib.h>

#define ROPE_DIMS_MAX 8192

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

/* ---- sizes ---- */

/* Could the sums overflow? Every count is below rows x (a few widths); a generous product decides. */
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
    int64_t stays, on_top;
    walk_bytes(spec, numerics, limits->rows, limits->threads, &stays, &on_top);
    *bytes = stays + max_i64(on_top, head_bytes(spec, numerics, limits->threads));
    return true;
}

bool pass_table_bytes(const struct pass_limits *limits, int64_t *bytes) {
    return batch_rows_bytes(limits->rows, bytes) && size_add(*bytes, (int64_t)sizeof(struct pass), bytes);
}

/* ---- open and close ---- */

bool pass_open(struct store *store, const struct kernels *kernels, const struct numerics *numerics,
               const struct pass_limits *limits, struct team_pool *team, struct pass **out,
               struct sy_error *err) {
    const struct spec *spec = &store->spec;
    if (!runnable(spec, err)) return false;
    struct pass *pass = calloc(1, sizeof *pass);
    if (!pass) return sy_fail(err, SY_ERR_MEMORY, "no memory for a pass");
    pass->store = store;
    pass->kernels = kernels;
    pass->numerics = *numerics;
    pass->limits = *limits;
    pass->team = team;
    if (!batch_rows_open(limits->rows, &pass->batch, err)) goto fail;
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

void pass_count(struct pass *pass, struct moe_stats *stats) {
    pass->stats = stats;
}

void pass_close(struct pass *pass) {
    if (!pass) return;
    if (pass->memory) os_memory_release(pass->memory, pass->memory_bytes);
    batch_rows_close(&pass->batch);
    free(pass);
}
