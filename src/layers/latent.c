/*
 * Latent attention (MLA): DeepSeek-V2, arXiv:2405.04434, section 2.1.
 *
 *     c_q = norm(Wqa x),  q = Wqb c_q                  (or q = Wq x)            q_h = [nope | rotary]
 *     [c | k_r] = Wkva x,  c = norm(c),  k_r, q_r rotated                       the cache keeps c and k_r
 *     expanded:  [k_h | v_h] = Wkvb_h c;   score = q_n . k_h + q_r . k_r;       out_h = sum p v_h
 *     absorbed:  q'_h = Wk_h^T q_n;        score = q'_h . c + q_r . k_r;        out_h = Wv_h (sum p c)
 *
 * Rows of a prompt take the expanded form, steps the absorbed one: equal within rounding, and each row's role
 * is part of what its bits depend on. Keys are never kept expanded: op_attention expands a block of 256 at a
 * time. Steps go through in slices of STEP_ROWS, since an absorbed query is wide ([H, kv_lora + rotary]).
 */
#include "layers/attention.h"

#include "base/checked.h"
#include "layers/runs.h"

#define STEP_ROWS 16

struct latent_sizes { /* of one head unless said */
    int64_t heads, head, nope, rotary, value, latent, row /* latent + rotary */, q_lora;
};

static struct latent_sizes sizes_of(const struct spec *spec) {
    const struct attention_spec *a = &spec->attention;
    int64_t rotary = a->head_width - a->nope_width;
    return (struct latent_sizes){ a->heads,
                                  a->head_width,
                                  a->nope_width,
                                  rotary,
                                  a->value_width,
                                  a->kv_lora_rank,
                                  a->kv_lora_rank + rotary,
                                  a->q_lora_rank };
}

/* What a call takes: what it keeps, and what only it reads. */
struct latent_memory {
    struct attention_kept kept;
    struct rows x; /* with room for its packed form */
    struct run_table table;
    void *attention;                              /* op_attention's scratch */
    struct weight *k_up, *v_up, *k_up_transposed; /* [H] views, this thread's */
    struct product *products;                     /* [H], this thread's */
    struct rows absorbed, latent_mix;             /* [STEP_ROWS, H * row], [STEP_ROWS, H * latent] */
    unsigned char *absorbed_room, *mix_room;      /* packed forms of each head's columns, side by side */
};

static struct attention_op latent_op(const struct spec *spec, enum dtype kv, bool expand) {
    struct latent_sizes z = sizes_of(spec);
    struct kv_layout layout = kv_layout_of(spec, kv);
    return (struct attention_op){
        .heads = z.heads,
        .kv_heads = 1,
        .key_width = z.row,
        .value_width = z.latent,
        .scale = (float)spec->attention.scale,
        .cap = (float)spec->attention.soft_cap,
        .kv = kv,
        .key_stride = layout.key_stride,
        .value_stride = layout.value_stride,
        .latent = z.latent,
        .rotary = z.rotary,
        .expanded_key_width = expand ? z.head : 0,
        .expanded_value_width = expand ? z.value : 0,
    };
}

static unsigned char *take_rooms(struct exec *exec, int64_t heads, int64_t width) {
    return exec_table(exec, unsigned char, heads *STEP_ROWS *matmul_packed_bytes(&exec->numerics, width));
}

static struct latent_memory take(struct exec *exec, const struct spec *spec, const struct row_map *map,
                                 struct rows x) {
    struct latent_sizes z = sizes_of(spec);
    struct latent_memory m = { 0 };
    struct attention_kept *kept = &m.kept;
    if (z.q_lora > 0) {
        kept->q_a = exec_with_room(exec, map_keep(exec, map, z.q_lora));
        kept->q_a_normed = exec_in_place(exec, kept->q_a);
    }
    kept->q.raw = kept->q.normed = kept->q.done = map_keep(exec, map, z.heads * z.head);
    kept->k.raw = map_keep(exec, map, z.row);
    kept->k.normed = kept->k.done = exec_in_place(exec, kept->k.raw);
    kept->mixed = exec_with_room(exec, map_keep(exec, map, z.heads * z.value));
    if (exec_keeps(exec)) kept->softmax = map_keep(exec, map, 2 * z.heads);
    m.x = exec_with_room(exec, x);
    m.table = run_table_take(exec, map->count);
    m.k_up = exec_table_own(exec, struct weight, z.heads);
    m.v_up = exec_table_own(exec, struct weight, z.heads);
    m.k_up_transposed = exec_table_own(exec, struct weight, z.heads);
    m.products = exec_table_own(exec, struct product, z.heads);
    m.absorbed = exec_rows(exec, STEP_ROWS, z.heads * z.row, STEP_ROWS);
    m.absorbed_room = take_rooms(exec, z.heads, z.nope);
    m.latent_mix = exec_rows(exec, STEP_ROWS, z.heads * z.latent, STEP_ROWS);
    m.mix_room = take_rooms(exec, z.heads, z.latent);
    /* expansion is sized by the widths; that there is a weight says that it happens */
    struct weight any = { 0 };
    enum dtype kv = exec->numerics.kv;
    struct attention_op expanded = latent_op(spec, kv, true), absorbed = latent_op(spec, kv, false);
    expanded.k_up = expanded.v_up = &any;
    m.attention = exec_table(exec, char,
                             max_i64(attention_bytes(&expanded, exec->team->count),
                                     attention_bytes(&absorbed, exec->team->count)));
    return m;
}

void latent_take(struct exec *exec, const struct spec *spec, const struct row_map *map) {
    take(exec, spec, map, rows_over(NULL, map->count, spec->width));
}

/* Views of each head's halves of Wkvb: rows [h (nope + value), + nope) and what follows. Files that keep the
 * two apart hold k's part transposed. */
static void head_views(const struct latent_sizes *z, const struct store *store, int64_t layer,
                       struct latent_memory *m) {
    const struct weight *k_b = store_weight(store, layer, SLOT_K_B),
                        *v_b = store_weight(store, layer, SLOT_V_B),
                        *kv_b = store_weight(store, layer, SLOT_KV_B);
    bool split = store->spec.attention.split_kv_b;
    for (int64_t h = 0; h < z->heads; h++) {
        if (split) {
            m->k_up_transposed[h] = weight_rows(k_b, h * z->latent, z->latent);
            m->k_up[h] = weight_transpose(&m->k_up_transposed[h]);
            m->v_up[h] = weight_rows(v_b, h * z->value, z->value);
        } else {
            m->k_up[h] = weight_rows(kv_b, h * (z->nope + z->value), z->nope);
            m->v_up[h] = weight_rows(kv_b, h * (z->nope + z->value) + z->nope, z->value);
            m->k_up_transposed[h] = weight_transpose(&m->k_up[h]);
        }
    }
}

/* Queries, and the rows that the cache keeps. */
static void project(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *map,
                    struct rows x, const struct attention_kept *kept) {
    const struct spec *spec = &store->spec;
    struct latent_sizes z = sizes_of(spec);
    struct rows q = kept->q.raw, row = kept->k.done;
    const struct product kv_a = layer_product(store, layer, SLOT_KV_A, SLOT_KV_A_BIAS, x, kept->k.raw);
    struct norm_op norm = { .eps = (float)spec->attention.latent_norm_eps };
    if (z.q_lora > 0) {
        const struct product in[] = {
            layer_product(store, layer, SLOT_Q_A, SLOT_Q_A_BIAS, x, kept->q_a),
            kv_a,
        };
        op_matmul(exec, in, 2);
        norm.weight = store_vector(store, layer, SLOT_Q_A_NORM);
        op_norm(exec, &norm, kept->q_a, kept->q_a_normed);
        const struct product q_b = { store_weight(store, layer, SLOT_Q_B), NULL, kept->q_a_normed, q };
        op_matmul(exec, &q_b, 1);
    } else {
        const struct product in[] = { layer_product(store, layer, SLOT_Q, SLOT_Q_BIAS, x, q), kv_a };
        op_matmul(exec, in, 2);
    }
    norm.weight = store_vector(store, layer, SLOT_KV_A_NORM);
    op_norm(exec, &norm, rows_columns(kept->k.raw, 0, z.latent), rows_columns(row, 0, z.latent));
    struct rows rotary = rows_columns(row, z.latent, z.rotary);
    if (row.at != kept->k.raw.at) op_copy(exec, rows_columns(kept->k.raw, z.latent, z.rotary), rotary);
    if (spec->decoder.layers[layer].rope) {
        op_rope(exec, q, z.heads, z.nope, map->rope, spec->rope.interleaved);
        op_rope(exec, rotary, 1, 0, map->rope, spec->rope.interleaved);
    }
}

/* One product a head: out's columns of head h = weight_h * x's first columns of head h. */
static void per_head(struct exec *exec, struct product *products, int64_t heads, const struct weight *weights,
                     struct rows x, unsigned char *room, struct rows out) {
    int64_t x_head = x.width / heads, out_head = out.width / heads, K = weights[0].cols, N = weights[0].rows;
    int64_t stride = matmul_packed_bytes(&exec->numerics, K);
    for (int64_t h = 0; h < heads; h++) {
        struct rows own = rows_with_steps(rows_columns(x, h * x_head, K), x.count);
        own.packed = room + h * STEP_ROWS * stride, own.packed_stride = stride;
        products[h] = (struct product){ &weights[h], NULL, own, rows_columns(out, h * out_head, N) };
    }
    op_matmul(exec, products, heads);
}

/* Steps: the run, absorbed, in slices of rows. */
static void attend_steps(struct exec *exec, const struct spec *spec, const struct layer_spec *layer,
                         struct latent_memory *m, struct attention_run run) {
    struct latent_sizes z = sizes_of(spec);
    struct attention_op op = latent_op(spec, exec->numerics.kv, false);
    window_of(layer, &op);
    for (int64_t done = 0; done < run.count; done += STEP_ROWS) {
        int64_t n = min_i64(STEP_ROWS, run.count - done), first = run.row + done;
        struct rows q = rows_part(m->kept.q.done, first, n), absorbed = rows_part(m->absorbed, 0, n),
                    mix = rows_part(m->latent_mix, 0, n), softmax = m->kept.softmax;
        struct attention_run slice = run;
        slice.row = 0, slice.count = n, slice.position = run.position + done;
        per_head(exec, m->products, z.heads, m->k_up_transposed, q, m->absorbed_room, absorbed);
        op_copy(exec, rows_columns(rows_heads(q, z.heads), z.nope, z.rotary),
                rows_columns(rows_heads(absorbed, z.heads), z.latent, z.rotary));
        if (rows_exist(softmax)) softmax = rows_part(softmax, first, n);
        op_attention(exec, &op, &slice, 1, absorbed, mix, softmax, m->attention);
        per_head(exec, m->products, z.heads, m->v_up, mix, m->mix_room, rows_part(m->kept.mixed, first, n));
    }
}

struct attention_kept latent_forward(struct exec *exec, const struct store *store, int64_t layer,
                                     const struct row_map *map, struct rows x, struct rows out) {
    const struct spec *spec = &store->spec;
    const struct layer_spec *l = &spec->decoder.layers[layer];
    struct latent_sizes z = sizes_of(spec);
    struct latent_memory m = take(exec, spec, map, x);

    if (team_alone(exec->team)) run_table_fill(&m.table, map, layer, true);
    head_views(&z, store, layer, &m);
    project(exec, store, layer, map, m.x, &m.kept);
    op_store_rows(exec, exec->numerics.kv, m.kept.k.done, 1, m.table.key, 0);

    struct attention_op op = latent_op(spec, exec->numerics.kv, true);
    op.k_up = m.k_up, op.v_up = m.v_up;
    window_of(l, &op);
    for (int64_t r = 0; r < map->run_count;) { /* prompts that stand together go together */
        int64_t end = r;
        while (end < map->run_count && !map->runs[end].steps) end++;
        if (end > r)
            op_attention(exec, &op, m.table.runs + r, end - r, m.kept.q.done, m.kept.mixed, m.kept.softmax,
                         m.attention);
        for (r = end; r < map->run_count && map->runs[r].steps; r++)
            attend_steps(exec, spec, l, &m, run_attended(&map->runs[r], layer, true));
    }

    const struct product o = layer_product(store, layer, SLOT_O, SLOT_O_BIAS, m.kept.mixed, out);
    op_matmul(exec, &o, 1);
    return m.kept;
}
