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

struct sizes { /* of one head unless said */
    int64_t heads, head, nope, rotary, value, latent, row /* latent + rotary */, q_lora;
};

static struct sizes sizes_of(const struct spec *spec) {
    const struct attention_spec *a = &spec->attention;
    int64_t rotary = a->head_width - a->nope_width;
    return (struct sizes){ a->heads,
                           a->head_width,
                           a->nope_width,
                           rotary,
                           a->value_width,
                           a->kv_lora_rank,
                           a->kv_lora_rank + rotary,
                           a->q_lora_rank };
}

struct scratch {
    float *q_a, *q, *row, *mixed;
    float *x_rounded, *q_a_rounded, *mixed_rounded;
    struct run_table table;
    void *attention;
    struct weight *k_up, *v_up, *k_up_transposed; /* [H] views */
    struct matmul_job *jobs;                      /* [H], this thread's */
    float *absorbed, *absorbed_rounded;           /* [STEP_ROWS, H, row] */
    float *latent_mix, *latent_mix_rounded;       /* [STEP_ROWS, H, latent] */
};

static struct attention_op latent_op(const struct spec *spec, enum dtype kv, bool expand) {
    struct sizes z = sizes_of(spec);
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

static struct scratch scratch_take(struct exec *exec, const struct spec *spec, int64_t rows) {
    struct sizes z = sizes_of(spec);
    const struct numerics *n = &exec->numerics;
    struct scratch s = { 0 };
    s.q_a = exec_new(exec, float, rows *z.q_lora);
    s.q = exec_new(exec, float, rows *z.heads *z.head);
    s.row = exec_new(exec, float, rows *z.row);
    s.mixed = exec_new(exec, float, rows *z.heads *z.value);
    s.x_rounded = exec_new(exec, float, matmul_rounded_count(n, rows, spec->width));
    s.q_a_rounded = exec_new(exec, float, matmul_rounded_count(n, rows, z.q_lora));
    s.mixed_rounded = exec_new(exec, float, matmul_rounded_count(n, rows, z.heads * z.value));
    s.table = run_table_take(exec, rows);
    s.k_up = exec_new_own(exec, struct weight, z.heads);
    s.v_up = exec_new_own(exec, struct weight, z.heads);
    s.k_up_transposed = exec_new_own(exec, struct weight, z.heads);
    s.jobs = exec_new_own(exec, struct matmul_job, z.heads);
    int64_t slice = STEP_ROWS * z.heads;
    s.absorbed = exec_new(exec, float, slice *z.row);
    s.absorbed_rounded = exec_new(exec, float, z.heads *matmul_rounded_count(n, STEP_ROWS, z.nope));
    s.latent_mix = exec_new(exec, float, slice *z.latent);
    s.latent_mix_rounded = exec_new(exec, float, z.heads *matmul_rounded_count(n, STEP_ROWS, z.latent));
    struct attention_op expanded = latent_op(spec, n->kv, true), absorbed = latent_op(spec, n->kv, false);
    struct weight any = {
        0
    }; /* expansion is sized by the widths; that there is a weight says that it happens */
    expanded.k_up = expanded.v_up = &any;
    s.attention = exec_new(exec, char,
                           max_i64(op_attention_bytes(&expanded, exec->team->count),
                                   op_attention_bytes(&absorbed, exec->team->count)));
    return s;
}

/* Views of each head's halves of Wkvb: rows [h (nope + value), + nope) and what follows. Files that keep the
 * two apart hold k's part transposed. */
static void head_views(const struct sizes *z, const struct store *store, int64_t layer, struct scratch *s) {
    const struct weight *k_b = store_weight(store, layer, SLOT_K_B),
                        *v_b = store_weight(store, layer, SLOT_V_B),
                        *kv_b = store_weight(store, layer, SLOT_KV_B);
    bool split = store->model->spec.attention.split_kv_b;
    for (int64_t h = 0; h < z->heads; h++) {
        if (split) {
            s->k_up_transposed[h] = weight_rows(k_b, h * z->latent, z->latent);
            s->k_up[h] = weight_transpose(&s->k_up_transposed[h]);
            s->v_up[h] = weight_rows(v_b, h * z->value, z->value);
        } else {
            s->k_up[h] = weight_rows(kv_b, h * (z->nope + z->value), z->nope);
            s->v_up[h] = weight_rows(kv_b, h * (z->nope + z->value) + z->nope, z->value);
            s->k_up_transposed[h] = weight_transpose(&s->k_up[h]);
        }
    }
}

/* Queries, and the rows that the cache keeps. */
static void project(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *rows,
                    const float *x, struct scratch *s) {
    const struct spec *spec = &store->model->spec;
    struct sizes z = sizes_of(spec);
    int64_t q_width = z.heads * z.head, T = rows->count;
    struct matmul_job kv_a =
        row_product(store, layer, SLOT_KV_A, SLOT_KV_A_BIAS, rows, x, s->x_rounded, s->row);
    struct norm_op norm = { .eps = (float)spec->attention.latent_norm_eps };
    if (z.q_lora > 0) {
        struct matmul_job in[] = {
            row_product(store, layer, SLOT_Q_A, SLOT_Q_A_BIAS, rows, x, s->x_rounded, s->q_a), kv_a
        };
        op_matmul(exec, in, 2);
        norm.weight = store_vector(store, layer, SLOT_Q_A_NORM);
        op_norm(exec, &norm, s->q_a, z.q_lora, T, z.q_lora, s->q_a, z.q_lora);
        struct matmul_job q_b = matmul_packed(store_weight(store, layer, SLOT_Q_B), NULL, s->q_a,
                                              s->q_a_rounded, s->q, T, rows->steps);
        op_matmul(exec, &q_b, 1);
    } else {
        struct matmul_job in[] = {
            row_product(store, layer, SLOT_Q, SLOT_Q_BIAS, rows, x, s->x_rounded, s->q), kv_a
        };
        op_matmul(exec, in, 2);
    }
    norm.weight = store_vector(store, layer, SLOT_KV_A_NORM);
    op_norm(exec, &norm, s->row, z.row, T, z.latent, s->row, z.row);
    if (spec->decoder.layers[layer].rope) {
        int64_t half = z.rotary / 2;
        op_rope(exec, s->q, q_width, T, z.heads, z.head, z.nope, rows->cos, rows->sin, half,
                spec->rope.interleaved);
        op_rope(exec, s->row + z.latent, z.row, T, 1, z.rotary, 0, rows->cos, rows->sin, half,
                spec->rope.interleaved);
    }
}

/* One product a head: out[m][h] = x[m][h] * weight_h, rows [0, count). */
static void per_head(struct exec *exec, struct scratch *s, int64_t heads, const struct weight *weights,
                     const float *x, int64_t x_head, float *rounded, float *out, int64_t out_head,
                     int64_t x_stride, int64_t out_stride, int64_t count) {
    int64_t each = matmul_rounded_count(&exec->numerics, STEP_ROWS, weights[0].cols);
    for (int64_t h = 0; h < heads; h++)
        s->jobs[h] = (struct matmul_job){ .weight = &weights[h],
                                          .x = x + h * x_head,
                                          .rounded = rounded + h * each,
                                          .out = out + h * out_head,
                                          .x_stride = x_stride,
                                          .out_stride = out_stride,
                                          .rows = count,
                                          .steps = count };
    op_matmul(exec, s->jobs, heads);
}

/* Steps: run r, absorbed, in slices of rows. */
static void attend_steps(struct exec *exec, const struct spec *spec, const struct layer_spec *layer,
                         struct scratch *s, const struct attention_run *run) {
    struct sizes z = sizes_of(spec);
    int64_t q_width = z.heads * z.head, mixed_width = z.heads * z.value;
    struct attention_op op = latent_op(spec, exec->numerics.kv, false);
    window_of(layer, &op);
    for (int64_t done = 0; done < run->count; done += STEP_ROWS) {
        int64_t n = min_i64(STEP_ROWS, run->count - done);
        const float *q = s->q + (run->row + done) * q_width;
        struct attention_run slice = *run;
        slice.row = 0, slice.count = n, slice.position = run->position + done;
        per_head(exec, s, z.heads, s->k_up_transposed, q, z.head, s->absorbed_rounded, s->absorbed, z.row,
                 q_width, z.heads * z.row, n);
        op_copy(exec, q + z.nope, z.head, n * z.heads, z.rotary, s->absorbed + z.latent, z.row);
        op_attention(exec, &op, &slice, 1, s->absorbed, z.heads * z.row, s->latent_mix, z.heads * z.latent,
                     s->attention);
        per_head(exec, s, z.heads, s->v_up, s->latent_mix, z.latent, s->latent_mix_rounded,
                 s->mixed + (run->row + done) * mixed_width, z.value, z.heads * z.latent, mixed_width, n);
    }
}

void latent_forward(struct exec *exec, const struct store *store, int64_t layer, const struct row_map *rows,
                    const float *x, float *out) {
    const struct spec *spec = &store->model->spec;
    const struct layer_spec *l = &spec->decoder.layers[layer];
    struct sizes z = sizes_of(spec);
    int64_t q_width = z.heads * z.head, mixed_width = z.heads * z.value;
    struct scratch s = scratch_take(exec, spec, rows->count);

    if (exec->team->rank == 0) run_table_fill(&s.table, rows, layer, true);
    head_views(&z, store, layer, &s);
    project(exec, store, layer, rows, x, &s);
    op_store_rows(exec, exec->numerics.kv, s.row, z.row, rows->count, 1, z.row, s.table.key, 0);

    struct attention_op op = latent_op(spec, exec->numerics.kv, true);
    op.k_up = s.k_up, op.v_up = s.v_up;
    window_of(l, &op);
    for (int64_t r = 0; r < rows->run_count;) { /* prompts that stand together go together */
        int64_t end = r;
        while (end < rows->run_count && !rows->runs[end].steps) end++;
        if (end > r)
            op_attention(exec, &op, s.table.runs + r, end - r, s.q, q_width, s.mixed, mixed_width,
                         s.attention);
        for (r = end; r < rows->run_count && rows->runs[r].steps; r++)
            attend_steps(exec, spec, l, &s, &s.table.runs[r]);
    }

    struct matmul_job o = row_product(store, layer, SLOT_O, SLOT_O_BIAS, rows, s.mixed, s.mixed_rounded, out);
    op_matmul(exec, &o, 1);
}

int64_t latent_bytes(const struct spec *spec, const struct numerics *numerics, int64_t rows, int team_count) {
    struct team team;
    struct exec exec = exec_measuring(numerics, &team, team_count);
    scratch_take(&exec, spec, rows);
    return (int64_t)exec.arena.used;
}
