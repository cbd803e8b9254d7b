/*
 * MLA expanded: keys and values made from latent rows c_j, for one head and one block of keys at a time.
 *
 *   key_j   = [k_up c_j | rotary_j]        value_j = v_up c_j
 *
 * in the order of any other product with these weights (one f32 chain an output, or the bf16 order with both
 * sides rounded), so that this is what op_matmul would give. A product puts PANEL outputs side by side; here
 * they are what attention wants side by side: keys in a panel of keys (so the latents are the panel and the
 * rows of k_up are x), columns in a panel of values (so v_up is the panel and the latents are x). The order
 * of a chain is k either way.
 *
 * Multi-head latent attention: DeepSeek-V2, arXiv:2405.04434, section 2.1.2.
 */
#include "base/checked.h"
#include "kernels/attention/attention.h"

#include <string.h>

static int64_t padded(const struct attention_work *work) {
    return round_up(work->op->latent, 32);
}

/* Rows for use as x of a product: bf16 when that is one in bf16, and zero up to the padding. */
static struct rows operand(const struct attention_work *work, void *at, int64_t rows, bool bf16) {
    return bf16 ? rows_over_bf16(at, rows, padded(work)) : rows_over(at, rows, padded(work));
}

/* Row `row` of w into row `to` of x. */
static void unpack_x(const struct attention_work *work, const struct weight *w, int64_t row, struct rows x,
                     int64_t to) {
    int64_t latent = work->op->latent;
    if (x.dtype == DTYPE_BF16) {
        uint16_t *out = rows_row_bf16(x, to);
        work->kernels->unpack_row(w, row, work->scratch.factor);
        work->kernels->round_bf16(work->scratch.factor, latent, out);
        memset(out + latent, 0, (size_t)(x.width - latent) * sizeof *out);
    } else {
        real *out = rows_row(x, to);
        work->kernels->unpack_row(w, row, out);
        memset(out + latent, 0, (size_t)(x.width - latent) * sizeof *out);
    }
}

/* out[row][j] = x[row] . (outputs n0 .. of w); [rows][PANEL]. */
static void multiply(const struct attention_work *work, const struct weight *w, int64_t n0, struct rows x,
                     real *out) {
    const struct kernels *kernels = work->kernels;
    int64_t latent = work->op->latent;
    memset(out, 0, (size_t)(x.count * PANEL) * sizeof *out);
    if (x.dtype == DTYPE_BF16) {
        uint32_t *panel = (uint32_t *)(void *)work->scratch.factor;
        kernels->panel_bf16(w, n0, 0, latent, panel);
        kernels->product_bf16(panel, latent, rows_row_bf16(x, 0), x.stride, x.count, out);
    } else {
        kernels->panel_f32(w, n0, 0, latent, work->scratch.factor);
        kernels->product_f32(work->scratch.factor, latent, rows_row(x, 0), x.stride, x.count, out);
    }
}

/* k_up of the tile's head, and the block's latents as x of v_up. */
static struct rows k_up_of(const struct attention_work *work, int64_t head) {
    const struct weight *k_up = &work->op->k_up[head];
    return operand(work, work->scratch.k_up, k_up->rows, computes_bf16(&work->numerics, k_up));
}

static struct rows latents_of(const struct attention_work *work, const struct block *block, int64_t head) {
    bool bf16 = computes_bf16(&work->numerics, &work->op->v_up[head]);
    return operand(work, work->scratch.latents, block->count, bf16);
}

void expand_begin(const struct attention_work *work, int64_t head) {
    struct rows x = k_up_of(work, head);
    for (int64_t n = 0; n < x.count; n++) unpack_x(work, &work->op->k_up[head], n, x, n);
}

void expand_keys(const struct attention_work *work, const struct block *block, int64_t head, int64_t j0,
                 real *panel) {
    const struct attention_op *op = work->op;
    struct weight latents = block_view(work, block, 0, op->key_stride, op->latent);
    struct weight row = block_view(work, block, 0, op->key_stride, op->latent + op->rotary);
    struct rows k_up = k_up_of(work, head);
    multiply(work, &latents, j0, k_up, panel);
    work->kernels->panel_f32(&row, j0, op->latent, op->rotary, panel + k_up.count * PANEL);
}

void expand_latents(const struct attention_work *work, const struct block *block, int64_t head) {
    struct weight latents = block_view(work, block, 0, work->op->key_stride, work->op->latent);
    struct rows x = latents_of(work, block, head);
    for (int64_t j = 0; j < x.count; j++) unpack_x(work, &latents, j, x, j);
}

void expand_values(const struct attention_work *work, const struct block *block, int64_t head, int64_t p,
                   int64_t from, real *panel) {
    struct rows x = latents_of(work, block, head);
    multiply(work, &work->op->v_up[head], p * PANEL, rows_part(x, from, x.count - from), panel);
}
