/*
 * The operations: what layers and MoE stages call. Each is told in its own folder (kernels/OP/OP.c cuts the
 * tiles); this page is their list. Rows go in, rows come out (tensor/rows.h): reals unless said, of any
 * stride unless `dense` is said. Pointers (ids, positions, tables) are the host's, from exec_table.
 *
 * See exec.h for the rules: called by all threads with equal arguments, complete on return for the next
 * operation and for rank 0, no errors.
 *
 * OPS names each operation once. Prototypes of the processor's (host_matmul), the table behind exec (struct
 * ops), what callers write (op_matmul) and the test that none goes untested (ops_test.c) expand it. A device
 * is one more table.
 *
 * To add one: its line here, host_NAME in a folder of its own, a case in ops_test.c (which does not link
 * without).
 */
#ifndef KERNELS_OPS_H
#define KERNELS_OPS_H

#include "kernels/exec.h"
#include "kernels/kernels.h"
#include "tensor/rows.h"

/* ---- products: matmul, matmul_f32 ---- */

struct product {                 /* out[m][n] = sum over k of x[m][k] * weight[n][k] (+ bias[n]) */
    const struct weight *weight; /* [N, K] */
    const float *bias;           /* [N] or NULL */
    struct rows x; /* [rows, K]. x.packed: room where the product computes in bf16; products that share x may
                      share it if they stand next to each other. BF16 only where the product is in bf16 */
    struct rows out; /* [rows, N]; count is x's */
};

/* matmul: all products in one hand-out of tiles (PANEL outputs by MATMUL_ROWS rows): q, k and v; or all
 * experts with work. A product of no rows costs nothing. Where it computes in bf16, x.steps rows go through
 * block formats in integers. matmul_f32: in f32 whatever numerics say: routers. */
#define MATMUL_ROWS 128
/* Is a weight in records (tensor/records.h) read where it lies? Others may be in records as well: they are
 * brought back by and by. */
bool matmul_reads_records(const struct numerics *numerics, const struct weight *weight);

/* What a row, a step's or a prompt's, is multiplied in by matmul: for those who count operations. */
enum arithmetic matmul_arithmetic(const struct kernels *kernels, const struct numerics *numerics,
                                  const struct weight *weight, bool step);

/* ---- rows ----
 *
 *   embed        out[i] = multiplier * row ids[i] of the table [V, D]; out [count, D]
 *   norm         of each row; in place allowed. Of each head: rows_heads
 *   rope_table   for the rows' positions: angle = (float)position * inverse_frequency[i] in f32 (as the
 *                published code does), cos and sin of it in f64, times magnitude, rounded
 *   rope         rotates `heads` heads of each row in place, at column `first` of each (width / heads wide)
 *   tune_table   llama4's factor of queries on layers without positions:
 *                out[i][0] = 1 + scale * ln(1 + floor((position + 1) / floor))
 *   softmax      of each row; in place allowed
 *   unary        in place allowed
 *   gated        out = act(gate) * up; up may not exist; dense; out may be gate
 *   add          y = fma(scale, x, y), dense
 *   scale        x = scale * x, dense
 *   scale_rows   x[i][*] *= factor[i][0]
 *   copy         out = x, whatever the strides; between reals and BF16 it rounds to nearest even, or widens
 *   all_finite   true (in all threads) when every element is; dense. Takes a few bytes of step memory
 */
struct norm_op {
    bool layer_norm;            /* else RMS */
    const float *weight, *bias; /* [width] or NULL */
    float eps;
};

struct rope_table {       /* of a batch's rows */
    struct rows cos, sin; /* [T, half], dense */
};

struct gated_op {
    enum activation activation;
    float limit, alpha; /* SWIGLU_OAI's */
};

/* ---- routing ---- (moe/router.c composes these, and states the rules)
 *
 * Choices of a row are dense: ids [count, K] with weights [count, K].
 *
 *   top_k          ids of the choice on scores [count, E] + bias ([E] or NULL)
 *   pick           out[i][j] = x[i][ids[i][j]]; out [count, K]
 *   weigh          in place: normalise, then times scale
 *   sparse_mixer   SparseMixer at inference (Liu et al. 2023, arXiv:2310.00811): for j = 0..K-1 the largest
 *                  remaining logit; weight = softmax over the logits that lie within 2 * jitter of it,
 *                  relative to max(|z|, maximum)
 *   cut            counts [count]: how many of a row's choices count, when that is not fixed
 *   sort_choices   each row's pairs by falling weight, stable
 *   gather         out[r] = x[source[r]] (* factor[r][0] where factor exists)
 *   combine        y[t] = sum over a in [begin[t], begin[t + 1]) of weight[a][0] * rows[row_of[a]], in order,
 *                  one fma chain from +0; a row_of below 0 is left out (a dropped pick); without weight a
 *                  plain sum
 */
#define TOP_K_EXPERTS_MAX 4096 /* what a spec may ask for: a row of scores fits on a thread's stack */
struct top_k_op {
    int64_t experts, top_k;
    int64_t groups, groups_kept; /* 1, 1: no groups. Equal consecutive groups */
    bool group_sums_two;         /* group score: sum of its two best; else its best */
    real masked; /* what scores outside the kept groups become before the choice: 0 or -infinity */
};
struct weigh_op {
    bool normalise; /* divide by (sum + epsilon), the sum in order j = 0.. */
    float epsilon, scale;
};
enum cut {               /* choices are best first, weights their scores */
           CUT_TOP_P,    /* the fewest whose weights reach p, at least one */
           CUT_POSITIVE, /* those above 0 */
};

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
    int64_t heads, kv_heads;
    int64_t key_width,
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

/* attention: q rows are [heads, key width], out rows [heads, value width]. For runs that expand, both have
 * the expanded widths: the caller passes one kind of run at a time. Blocks of keys in order, softmax_block
 * and one fma chain over keys an output; at the end sinks join, and out = (acc + 0) / sum. `softmax`, where
 * it exists, gets what backward needs: [rows, 2 * heads], the maximum of each head's scaled scores and the
 * sum of exp(score - maximum), sinks included. `scratch`: attention_bytes. */
/* Bytes of scratch, for all threads, whatever the runs. Looks at widths only; those of the expanded form are
 * 0 where no run will expand. */
int64_t attention_bytes(const struct attention_op *op, int team_count);

/* store_rows: rows of keys or values into the cache: head h of row i (x.width / heads wide) goes to target[i]
 * + h * head_stride bytes. */

/* ---- the list: OP(result, name, (parameters), (arguments)) ---- */

#define OPS(OP)                                                                                              \
    OP(void, matmul, (struct exec * exec, const struct product *products, int64_t count),                    \
       (exec, products, count))                                                                              \
    OP(void, matmul_f32, (struct exec * exec, const struct product *products, int64_t count),                \
       (exec, products, count))                                                                              \
    OP(void, embed,                                                                                          \
       (struct exec * exec, const struct weight *table, const int32_t *ids, float multiplier,                \
        struct rows out),                                                                                    \
       (exec, table, ids, multiplier, out))                                                                  \
    OP(void, norm, (struct exec * exec, const struct norm_op *norm, struct rows x, struct rows out),         \
       (exec, norm, x, out))                                                                                 \
    OP(void, rope_table,                                                                                     \
       (struct exec * exec, const int64_t *positions, const float *inverse_frequency, float magnitude,       \
        struct rope_table out),                                                                              \
       (exec, positions, inverse_frequency, magnitude, out))                                                 \
    OP(void, rope,                                                                                           \
       (struct exec * exec, struct rows x, int64_t heads, int64_t first, struct rope_table table,            \
        bool interleaved),                                                                                   \
       (exec, x, heads, first, table, interleaved))                                                          \
    OP(void, tune_table,                                                                                     \
       (struct exec * exec, const int64_t *positions, double scale, double floor, struct rows out),          \
       (exec, positions, scale, floor, out))                                                                 \
    OP(void, softmax, (struct exec * exec, struct rows x, struct rows out), (exec, x, out))                  \
    OP(void, unary, (struct exec * exec, enum unary unary, float cap, struct rows x, struct rows out),       \
       (exec, unary, cap, x, out))                                                                           \
    OP(void, gated,                                                                                          \
       (struct exec * exec, const struct gated_op *gated, struct rows gate, struct rows up,                  \
        struct rows out),                                                                                    \
       (exec, gated, gate, up, out))                                                                         \
    OP(void, add, (struct exec * exec, float scale, struct rows x, struct rows y), (exec, scale, x, y))      \
    OP(void, scale, (struct exec * exec, float scale, struct rows x), (exec, scale, x))                      \
    OP(void, scale_rows, (struct exec * exec, struct rows factor, struct rows x), (exec, factor, x))         \
    OP(void, copy, (struct exec * exec, struct rows x, struct rows out), (exec, x, out))                     \
    OP(bool, all_finite, (struct exec * exec, struct rows x), (exec, x))                                     \
    OP(void, top_k,                                                                                          \
       (struct exec * exec, const struct top_k_op *op, struct rows scores, const float *bias, int32_t *ids), \
       (exec, op, scores, bias, ids))                                                                        \
    OP(void, pick, (struct exec * exec, struct rows x, const int32_t *ids, struct rows out),                 \
       (exec, x, ids, out))                                                                                  \
    OP(void, weigh, (struct exec * exec, const struct weigh_op *weigh, struct rows weights),                 \
       (exec, weigh, weights))                                                                               \
    OP(void, sparse_mixer,                                                                                   \
       (struct exec * exec, float jitter, struct rows logits, int32_t *ids, struct rows weights),            \
       (exec, jitter, logits, ids, weights))                                                                 \
    OP(void, cut, (struct exec * exec, enum cut cut, float p, struct rows weights, int32_t *counts),         \
       (exec, cut, p, weights, counts))                                                                      \
    OP(void, sort_choices, (struct exec * exec, int32_t * ids, struct rows weights), (exec, ids, weights))   \
    OP(void, gather,                                                                                         \
       (struct exec * exec, struct rows x, const int64_t *source, struct rows factor, struct rows out),      \
       (exec, x, source, factor, out))                                                                       \
    OP(void, combine,                                                                                        \
       (struct exec * exec, struct rows rows, const int64_t *begin, const int64_t *row_of,                   \
        struct rows weight, struct rows y),                                                                  \
       (exec, rows, begin, row_of, weight, y))                                                               \
    OP(void, attention,                                                                                      \
       (struct exec * exec, const struct attention_op *op, const struct attention_run *runs,                 \
        int64_t run_count, struct rows q, struct rows out, struct rows softmax, void *scratch),              \
       (exec, op, runs, run_count, q, out, softmax, scratch))                                                \
    OP(void, store_rows,                                                                                     \
       (struct exec * exec, enum dtype dtype, struct rows x, int64_t heads, void *const *target,             \
        int64_t head_stride),                                                                                \
       (exec, dtype, x, heads, target, head_stride))

/* Where there are none: a factor of 1, no weights, a network that is not gated. */
static const struct rows no_rows = { 0 };

struct ops {
#define OP(result, name, parameters, arguments) result(*name) parameters;
    OPS(OP)
#undef OP
};

#define OP(result, name, parameters, arguments)                                                              \
    result host_##name parameters;                                                                           \
    static inline result op_##name parameters {                                                              \
        return exec->ops->name arguments;                                                                    \
    }
OPS(OP)
#undef OP

extern const struct ops ops_host; /* of this processor */

/* An exec of these: a team's thread over `bytes` of step memory that all its threads share. Nothing is
 * kept. */
struct exec exec_host(struct team *team, const struct kernels *kernels, const struct numerics *numerics,
                      void *memory, int64_t bytes);

#endif
