/*
 * Grouped attention (MHA, GQA, MQA).
 *
 *     q, k, v = x Wq^T, x Wk^T, x Wv^T (+ biases)
 *     q, k    = norm, clamp, rotate, norm            each where the spec says so
 *     pages  <- k, v                                 (their own dtype)
 *     out     = softmax(scale q k^T, causal, window) v Wo^T (+ bias)
 *
 * Key head j serves query heads j H/KV .. (j + 1) H/KV - 1. Source of the variants: reference tables in
 * docs/numerics.md and each family's file.
 */
#include "layers/attention.h"

#include "base/checked.h"
#include "layers/runs.h"

#include <math.h>

struct scratch {
    float *q, *k, *v, *mixed;
    float *x_rounded, *mixed_rounded;
    struct run_table table;
    void *attention;
};

static struct attention_op grouped_op(const struct spec *spec, enum dtype kv) {
    const struct attention_spec *a = &spec->attention;
    struct kv_layout layout = kv_layout_of(spec, kv);
    return (struct attention_op){
        .heads = a->heads,
        .kv_heads = a->kv_heads,
        .key_width = a->head_width,
        .value_width = a->value_width,
        .scale = (float)a->scale,
        .cap = (float)a->soft_cap,
        .kv = kv,
        .key_stride = layout.key_stride,
        .value_offset = layout.value_offset,
        .value_stride = layout.value_stride,
        .key_head_stride = layout.key_head_stride,
        .value_head_stride = layout.value_head_stride,
    };
}

static struct scratch scratch_take(struct exec *exec, const struct spec *spec, int64_t rows) {
    const struct attention_spec *a = &spec->attention;
    struct attention_op op = grouped_op(spec, exec->numerics.kv);
    struct scratch s = { 0 };
    s.q = exec_new(exec, float, rows * a->heads * a->head_width);
    s.k = exec_new(exec, float, rows * a->kv_heads * a->head_width);
    s.v = exec_new(exec, float, rows * a->kv_heads * a->value_width);
    s.mixed = exec_new(exec, float, rows * a->heads * a->value_width);
    s.x_rounded = exec_new(exec, float, matmul_rounded_count(&exec->numerics, rows, spec->width));
    s.mixed_rounded =
        exec_new(exec, float, matmul_rounded_count(&exec->numerics, rows, a->heads * a->value_width));
    s.table = run_table_take(exec, rows);
    s.attention = exec_new(exec, char, op_attention_bytes(&op, exec->team->count));
    return s;
}

/* Norms, clamp and rotation of queries or keys, in place: [T, heads, hd]. `weight` as the spec's kind of norm
 * wants it. */
static void prepare_heads(struct exec *exec, const struct spec *spec, const struct layer_spec *layer,
                          const struct row_map *rows, int64_t heads, const float *weight, float *x) {
    const struct attention_spec *a = &spec->attention;
    int64_t hd = a->head_width, width = heads * hd;
    struct norm_op norm = { .weight = weight, .eps = (float)spec->norm_eps };
    if (a->qk_norm == QK_NORM_HEAD) op_norm(exec, &norm, x, hd, rows->count * heads, hd, x, hd);
    if (a->qk_norm == QK_NORM_WIDTH) op_norm(exec, &norm, x, width, rows->count, width, x, width);
    if (a->clamp > 0) op_unary(exec, UNARY_CLAMP, (float)a->clamp, x, width, rows->count, width, x, width);
    if (!layer->rope) return;
    op_rope(exec, x, width, rows->count, heads, hd, 0, rows->cos, rows->sin, spec->rope.dims / 2,
            spec->rope.interleaved);
    if (a->qk_norm == QK_NORM_L2_AFTER_ROPE) op_norm(exec, &norm, x, hd, rows->count * heads, hd, x, hd);
}

void grouped_forward(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *rows,
                     const float *x, float *out) {
    const struct spec *spec = &store->model->spec;
    const struct attention_spec *a = &spec->attention;
    const struct layer_spec *l = &spec->decoder.layers[layer];
    int64_t q_width = a->heads * a->head_width, k_width = a->kv_heads * a->head_width;
    int64_t v_width = a->kv_heads * a->value_width, mixed_width = a->heads * a->value_width;
    struct scratch s = scratch_take(exec, spec, rows->count);

    if (exec->team->rank == 0)
        run_table_fill(&s.table, rows, layer, false); /* read after the barriers of the products */
    struct matmul_job in[] = {
        row_product(store, layer, SLOT_Q, SLOT_Q_BIAS, rows, x, s.x_rounded, s.q),
        row_product(store, layer, SLOT_K, SLOT_K_BIAS, rows, x, s.x_rounded, s.k),
        row_product(store, layer, SLOT_V, SLOT_V_BIAS, rows, x, s.x_rounded, s.v),
    };
    op_matmul(exec, in, 3);

    prepare_heads(exec, spec, l, rows, a->heads, store_vector(store, layer, SLOT_Q_NORM), s.q);
    prepare_heads(exec, spec, l, rows, a->kv_heads, store_vector(store, layer, SLOT_K_NORM), s.k);
    if (a->clamp > 0)
        op_unary(exec, UNARY_CLAMP, (float)a->clamp, s.v, v_width, rows->count, v_width, s.v, v_width);
    if (!l->rope && rows->tune) op_scale_rows(exec, rows->tune, s.q, rows->count, q_width);

    struct attention_op op = grouped_op(spec, exec->numerics.kv);
    op_store_rows(exec, op.kv, s.k, k_width, rows->count, a->kv_heads, a->head_width, s.table.key,
                  op.key_head_stride);
    op_store_rows(exec, op.kv, s.v, v_width, rows->count, a->kv_heads, a->value_width, s.table.value,
                  op.value_head_stride);
    op.sinks = store_vector(store, layer, SLOT_SINKS);
    window_of(l, &op);
    op_attention(exec, &op, s.table.runs, rows->run_count, s.q, q_width, s.mixed, mixed_width, s.attention);

    struct matmul_job o = row_product(store, layer, SLOT_O, SLOT_O_BIAS, rows, s.mixed, s.mixed_rounded, out);
    op_matmul(exec, &o, 1);
}

int64_t grouped_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows,
                      int team_count) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, team_count);
    scratch_take(&exec, spec, rows);
    return (int64_t)exec.arena.used;
}

/* ---- the two forms ---- */

void attention_forward(struct exec *exec, const struct store *store, int64_t layer,
                       const struct row_map *rows, const float *x, struct attention_saved *saved,
                       float *out) {
    (void)saved; /* training's */
    if (store->model->spec.attention.kind == ATTENTION_LATENT)
        latent_forward(exec, store, layer, rows, x, out);
    else
        grouped_forward(exec, store, layer, rows, x, out);
}

int64_t attention_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows,
                        int team_count) {
    return spec->attention.kind == ATTENTION_LATENT ? latent_bytes(spec, numerics, rows, team_count)
                                                    : grouped_bytes(spec, numerics, rows, team_count);
}
