/*
 * The operations: what layers and MoE stages call. Each is told in its own folder (kernels/OP/OP.c cuts the
 * tiles); this page is their list. Activations are f32, row-major: x [count, width] with `stride` floats
 * between rows (stride >= width).
 *
 * See exec.h for the rules: called by all threads with equal arguments, complete on return, no errors.
 */
#ifndef KERNELS_OPS_H
#define KERNELS_OPS_H

#include "kernels/exec.h"
#include "kernels/kernels.h"

/* ---- products ---- */

struct matmul_job {              /* out[m][n] = sum over k of x[m][k] * weight[n][k] (+ bias[n]) */
    const struct weight *weight; /* [N, K] */
    const float *x;              /* [rows, K] */
    float *rounded;    /* room for x rounded to bf16 and quantised, matmul_rounded_count; NULL when no job
                          computes in bf16. Jobs that share x may share it if they stand next to each other */
    float *out;        /* [rows, N] */
    const float *bias; /* [N] or NULL */
    int64_t x_stride, out_stride, rows;
    int64_t steps; /* the first so many of the rows are steps: block formats in fast take them in integers */
};

/* A job whose rows lie packed on both sides: [rows, K] to [rows, N]. */
static inline struct matmul_job matmul_packed(const struct weight *weight, const float *bias, const float *x,
                                              float *rounded, float *out, int64_t rows, int64_t steps) {
    return (struct matmul_job){ .weight = weight,
                                .x = x,
                                .rounded = rounded,
                                .out = out,
                                .bias = bias,
                                .x_stride = weight->cols,
                                .out_stride = weight->rows,
                                .rows = rows,
                                .steps = steps };
}

/* All jobs in one hand-out of tiles (PANEL outputs by MATMUL_ROWS rows): q, k and v; or all experts with
 * work. A job with no rows costs nothing. Jobs and what they point to must be the same in all threads. */
#define MATMUL_ROWS 128
void op_matmul(struct exec *exec, const struct matmul_job *jobs, int64_t job_count);
/* As op_matmul, in f32 whatever numerics say: routers. */
void op_matmul_f32(struct exec *exec, const struct matmul_job *jobs, int64_t job_count);
/* Floats that `rounded` needs; 0 when such a product is computed in f32. */
int64_t matmul_rounded_count(const struct numerics *numerics, int64_t rows, int64_t cols);

/* ---- rows ---- */

/* out[i] = multiplier * row ids[i] of table [V, D]; out [count, D]. */
void op_embed(struct exec *exec, const struct weight *table, const int32_t *ids, int64_t count,
              float multiplier, float *out);

struct norm_op {
    bool layer_norm;            /* else RMS */
    const float *weight, *bias; /* [width] or NULL */
    float eps;
};
/* x and out may be the same. For norms of each head give count = rows * heads, width = head width (rows
 * packed). */
void op_norm(struct exec *exec, const struct norm_op *norm, const float *x, int64_t x_stride, int64_t count,
             int64_t width, float *out, int64_t out_stride);

/* cos and sin [count, half] for the rows' positions: angle = (float)position * inverse_frequency[i] in f32
 * (as the published code does), cos and sin of it in f64, times magnitude, rounded to f32. */
void op_rope_table(struct exec *exec, const int64_t *positions, int64_t count, const float *inverse_frequency,
                   int64_t half, float magnitude, float *cos, float *sin);
/* Rotate `heads` heads of each row in place, at column `first` of each head of `head_width`. */
void op_rope(struct exec *exec, float *x, int64_t x_stride, int64_t count, int64_t heads, int64_t head_width,
             int64_t first, const float *cos, const float *sin, int64_t half, bool interleaved);

void op_softmax(struct exec *exec, const float *x, int64_t count, int64_t width,
                float *out); /* packed rows; in place allowed */
void op_unary(struct exec *exec, enum unary unary, float cap, const float *x, int64_t x_stride, int64_t count,
              int64_t width, float *out, int64_t out_stride);
void op_gated(struct exec *exec, enum activation activation, float limit, float alpha, const float *gate,
              const float *up, int64_t count, int64_t width, float *out); /* packed rows; out may be gate */
void op_add(struct exec *exec, float scale, const float *x, int64_t count, int64_t width,
            float *y); /* y = fma(scale, x, y); packed */
void op_scale(struct exec *exec, float scale, float *x, int64_t count,
              int64_t width); /* x = scale * x; packed */
/* out[i] = x[i], whatever the strides. */
void op_copy(struct exec *exec, const float *x, int64_t x_stride, int64_t count, int64_t width, float *out,
             int64_t out_stride);
/* x[i][*] *= factor[i]; packed rows. */
void op_scale_rows(struct exec *exec, const float *factor, float *x, int64_t count, int64_t width);
/* True (in all threads) when every element is finite. */
bool op_all_finite(struct exec *exec, const float *x, int64_t count,
                   int64_t width); /* takes a few bytes of step memory */

/* ---- routing ---- (moe/router.c composes these, and states the rules) */

#define TOP_K_EXPERTS_MAX 4096 /* what a spec may ask for: a row of scores fits on a thread's stack */
struct top_k_op {
    int64_t experts, top_k;
    int64_t groups, groups_kept; /* 1, 1: no groups. Equal consecutive groups */
    bool group_sums_two;         /* group score: sum of its two best; else its best */
    float masked; /* what scores outside the kept groups become before the choice: 0 or -infinity */
};
/* ids [count, top_k]: the choice on scores + bias (bias [experts] or NULL). */
void op_top_k(struct exec *exec, const struct top_k_op *op, const float *scores, const float *bias,
              int64_t count, int32_t *ids);
/* out[i][j] = x[i][ids[i][j]]; x [count, width], ids and out [count, top_k]. */
void op_pick(struct exec *exec, const float *x, int64_t count, int64_t width, const int32_t *ids,
             int64_t top_k, float *out);
/* weights [count, top_k]: divide by (sum + epsilon) (normalise) or not, then multiply by scale. The sum runs
 * in order j = 0.. */
void op_weigh(struct exec *exec, bool normalise, float epsilon, float scale, int64_t count, int64_t top_k,
              float *weights);
/* SparseMixer at inference (Liu et al. 2023, arXiv:2310.00811): for j = 0..top_k-1 the largest remaining
 * logit; weight = softmax over the logits that lie within 2 * jitter of it, relative to max(|z|, maximum). */
void op_sparse_mixer(struct exec *exec, float jitter, const float *logits, int64_t count, int64_t experts,
                     int64_t top_k, int32_t *ids, float *weights);
/* How many of a row's choices count, when that is not fixed: choices [count, top_k] are best first, weights
 * are their scores. TOP_P: the fewest whose weights reach p, at least one; POSITIVE: those above 0. counts
 * [count]. */
enum cut { CUT_TOP_P, CUT_POSITIVE };
void op_cut(struct exec *exec, enum cut cut, float p, const float *weights, int64_t count, int64_t top_k,
            int32_t *counts);
/* Sort each row's pairs by falling weight, stable. */
void op_sort_choices(struct exec *exec, int64_t count, int64_t top_k, int32_t *ids, float *weights);

/* out[r] = x[source[r]] (* factor[r] where factor is not NULL); x and out packed, width wide. */
void op_gather(struct exec *exec, const float *x, const int64_t *source, const float *factor, int64_t count,
               int64_t width, float *out);
/* y[t] = sum over a in [begin[t], begin[t + 1]) of weight[a] * rows[row_of[a]], in order, one fma chain from
 * +0; weight NULL: plain sum. */
void op_combine(struct exec *exec, const float *rows, const int64_t *begin, const int64_t *row_of,
                const float *weight, int64_t count, int64_t width, float *y);

/* ---- attention ---- */

#define ATTENTION_BLOCK 256 /* keys, at absolute positions: also the page of the cache (kv/) */

struct attention_run {  /* rows of one sequence that follow one another */
    int64_t row, count; /* rows [row, row + count) of the batch */
    int64_t position;   /* of the first; the others follow */
    const void *const
        *pages;  /* page p holds positions [256 p, 256 p + 256); NULL where nothing visible lies */
    bool expand; /* MLA: expand keys and values (prompts); else the absorbed form (steps) */
};

struct attention_op {
    int64_t heads, kv_heads, key_width,
        value_width;    /* of what is attended: MLA absorbed has key = latent + rotary, value = latent */
    float scale, cap;   /* cap 0: none */
    const float *sinks; /* [heads] or NULL: an extra logit a head, not scaled */
    int64_t window;     /* 0: all; else the last `window` positions, the current one included */
    int64_t chunk;      /* 0: all; else positions of the same chunk only */
    enum dtype kv;      /* of the pages */
    /* A page: keys at byte 0, values at byte value_offset; key_stride and value_stride bytes a position. MLA
     * stores one row [latent | rotary] a position: values lie in the keys. */
    int64_t key_stride, value_offset, value_stride;
    /* Bytes from one kv head to the next: [kv_heads][256][width] is what kv/ keeps, each head in one piece;
     * 0: [256][kv_heads][width], side by side. In blocks, a head of a position is whole blocks. */
    int64_t key_head_stride, value_head_stride;
    /* MLA, expanded: key = [k_up[h] * latent | rotary], value = v_up[h] * latent, in the product order of
     * numerics. NULL otherwise. */
    const struct weight *k_up, *v_up; /* [heads] each: [nope, latent], [value, latent] */
    int64_t latent, rotary, expanded_key_width, expanded_value_width;
};

/* out [rows, heads * value width]. q rows are [heads, key width]. For runs that expand, q and out have the
 * expanded widths: the caller passes one kind of run at a time. Blocks of keys in order, softmax_block and
 * one fma chain over keys an output; at the end sinks join, and out = (acc + 0) / sum. */
void op_attention(struct exec *exec, const struct attention_op *op, const struct attention_run *runs,
                  int64_t run_count, const float *q, int64_t q_stride, float *out, int64_t out_stride,
                  void *scratch);
/* Bytes of scratch, for all threads, whatever the runs. Looks at widths only; those of the expanded form are
 * 0 where no run will expand. */
int64_t op_attention_bytes(const struct attention_op *op, int team_count);

/* Store rows of keys or values: head h of row i (width floats, packed with stride) goes to target[i] + h *
 * head_stride bytes. */
void op_store_rows(struct exec *exec, enum dtype dtype, const float *x, int64_t x_stride, int64_t count,
                   int64_t heads, int64_t width, void *const *target, int64_t head_stride);

#endif
