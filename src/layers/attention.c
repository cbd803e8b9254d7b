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

#include "layers/runs.h"

#include <math.h>

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

/* What a call takes: what it keeps, and what only it reads. */
struct grouped_memory {
    struct attention_kept kept;
    struct rows x; /* with room for its packed form */
    struct run_table table;
    void *attention; /* op_attention's scratch */
};

static struct heads take_heads(struct exec *exec, const struct attention_spec *a, const struct row_map *map,
                               int64_t heads) {
    struct heads h = { .raw = map_keep(exec, map, heads * a->head_width) };
    bool before = a->qk_norm == QK_NORM_HEAD || a->qk_norm == QK_NORM_WIDTH;
    h.normed = before ? exec_in_place(exec, h.raw) : h.raw;
    h.done = a->qk_norm == QK_NORM_L2_AFTER_ROPE ? exec_in_place(exec, h.normed) : h.normed;
    return h;
}

static struct grouped_memory take(struct exec *exec, const struct spec *spec, const struct row_map *map,
                                  struct rows x) {
    const struct attention_spec *a = &spec->attention;
    struct attention_op op = grouped_op(spec, exec->numerics.kv);
    struct grouped_memory m = { 0 };
    m.kept.q = take_heads(exec, a, map, a->heads);
    m.kept.k = take_heads(exec, a, map, a->kv_heads);
    m.kept.v = map_keep(exec, map, a->kv_heads * a->value_width);
    m.kept.mixed = exec_with_room(exec, map_keep(exec, map, a->heads * a->value_width));
    if (exec_keeps(exec)) m.kept.softmax = map_keep(exec, map, 2 * a->heads);
    m.x = exec_with_room(exec, x);
    m.table = run_table_take(exec, map->count);
    m.attention = exec_table(exec, char, attention_bytes(&op, exec->team->count));
    return m;
}

void grouped_take(struct exec *exec, const struct spec *spec, const struct row_map *map) {
    take(exec, spec, map, rows_over(NULL, map->count, spec->width));
}

/* Norms, clamp and rotation of queries or keys. `weight` as the spec's kind of norm wants it. */
static void prepare_heads(struct exec *exec, const struct spec *spec, const struct layer_spec *layer,
                          const struct row_map *map, int64_t heads, const float *weight,
                          const struct heads *h) {
    const struct attention_spec *a = &spec->attention;
    struct norm_op norm = { .weight = weight, .eps = (float)spec->norm_eps };
    if (a->qk_norm == QK_NORM_HEAD)
        op_norm(exec, &norm, rows_heads(h->raw, heads), rows_heads(h->normed, heads));
    if (a->qk_norm == QK_NORM_WIDTH) op_norm(exec, &norm, h->raw, h->normed);
    if (a->clamp > 0) op_unary(exec, UNARY_CLAMP, (float)a->clamp, h->normed, h->normed);
    bool last = a->qk_norm == QK_NORM_L2_AFTER_ROPE;
    if (layer->rope) op_rope(exec, h->normed, heads, 0, map->rope, spec->rope.interleaved);
    if (last && layer->rope)
        op_norm(exec, &norm, rows_heads(h->normed, heads), rows_heads(h->done, heads));
    else if (h->done.at != h->normed.at)
        op_copy(exec, h->normed, h->done); /* layers without positions have no such norm */
}

struct attention_kept grouped_forward(struct exec *exec, const struct store *store, int64_t layer,
                                      const struct row_map *map, struct rows x, struct rows out) {
    const struct spec *spec = &store->spec;
    const struct attention_spec *a = &spec->attention;
    const struct layer_spec *l = &spec->decoder.layers[layer];
    struct grouped_memory m = take(exec, spec, map, x);
    struct rows q = m.kept.q.done, k = m.kept.k.done, v = m.kept.v, mixed = m.kept.mixed;

    if (team_alone(exec->team)) run_table_fill(&m.table, map, layer, false);
    const struct product in[] = {
        layer_product(store, layer, SLOT_Q, SLOT_Q_BIAS, m.x, m.kept.q.raw),
        layer_product(store, layer, SLOT_K, SLOT_K_BIAS, m.x, m.kept.k.raw),
        layer_product(store, layer, SLOT_V, SLOT_V_BIAS, m.x, v),
    };
    op_matmul(exec, in, 3);

    prepare_heads(exec, spec, l, map, a->heads, store_vector(store, layer, SLOT_Q_NORM), &m.kept.q);
    prepare_heads(exec, spec, l, map, a->kv_heads, store_vector(store, layer, SLOT_K_NORM), &m.kept.k);
    if (a->clamp > 0) op_unary(exec, UNARY_CLAMP, (float)a->clamp, v, v);
    if (!l->rope && rows_exist(map->tune)) op_scale_rows(exec, map->tune, q);

    struct attention_op op = grouped_op(spec, exec->numerics.kv);
    op_store_rows(exec, op.kv, k, a->kv_heads, m.table.key, op.key_head_stride);
    op_store_rows(exec, op.kv, v, a->kv_heads, m.table.value, op.value_head_stride);
    op.sinks = store_vector(store, layer, SLOT_SINKS);
    window_of(l, &op);
    op_attention(exec, &op, m.table.runs, map->run_count, q, mixed, m.kept.softmax, m.attention);

    const struct product o = layer_product(store, layer, SLOT_O, SLOT_O_BIAS, mixed, out);
    op_matmul(exec, &o, 1);
    return m.kept;
}

/* ---- the two forms ---- */

struct attention_kept attention_forward(struct exec *exec, const struct store *store, int64_t layer,
                                        const struct row_map *map, struct rows x, struct rows out) {
    bool latent = store->spec.attention.kind == ATTENTION_LATENT;
    return (latent ? latent_forward : grouped_forward)(exec, store, layer, map, x, out);
}

int64_t attention_step_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows,
                             int team_count) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, team_count, NULL);
    struct row_map map = row_map_of(rows);
    bool latent = spec->attention.kind == ATTENTION_LATENT;
    (latent ? latent_take : grouped_take)(&exec, spec, &map);
    return exec_taken(&exec);
}
