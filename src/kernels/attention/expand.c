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

/* Row `row` of w for use as x: rounded when the product is one in bf16, and zero up to the padding. */
static void unpack_x(const struct attention_work *work, const struct weight *w, int64_t row, bool bf16,
                     float *out) {
    int64_t latent = work->op->latent;
    if (bf16) {
        work->kernels->unpack_row(w, row, work->scratch.factor);
        work->kernels->round_bf16(work->scratch.factor, latent, out);
    } else
        work->kernels->unpack_row(w, row, out);
    for (int64_t k = latent; k < padded(work); k++) out[k] = 0.0f;
}

/* out[row][j] = x[row] . (outputs n0 .. of w); [rows][PANEL]. */
static void multiply(const struct attention_work *work, const struct weight *w, int64_t n0, const float *x,
                     int64_t rows, bool bf16, float *out) {
    const struct kernels *kernels = work->kernels;
    int64_t latent = work->op->latent;
    memset(out, 0, (size_t)(rows * PANEL) * sizeof *out);
    if (bf16) {
        uint32_t *panel = (uint32_t *)(void *)work->scratch.factor;
        kernels->panel_bf16(w, n0, 0, latent, panel);
        kernels->product_bf16(panel, latent, x, padded(work), rows, out);
    } else {
        kernels->panel_f32(w, n0, 0, latent, work->scratch.factor);
        kernels->product_f32(work->scratch.factor, latent, x, padded(work), rows, out);
    }
}

void expand_begin(const struct attention_work *work, int64_t head) {
    const struct weight *k_up = &work->op->k_up[head];
    bool bf16 = computes_bf16(&work->numerics, k_up);
    for (int64_t n = 0; n < k_up->rows; n++)
        unpack_x(work, k_up, n, bf16, work->scratch.k_up + n * padded(work));
}

void expand_keys(const struct attention_work *work, const struct block *block, int64_t j0, float *panel) {
    const struct attention_op *op = work->op;
    int64_t nope = op->k_up->rows;
    struct weight latents = block_view(work, block, 0, op->key_stride, op->latent);
    struct weight row = block_view(work, block, 0, op->key_stride, op->latent + op->rotary);
    multiply(work, &latents, j0, work->scratch.k_up, nope, computes_bf16(&work->numerics, op->k_up), panel);
    work->kernels->panel_f32(&row, j0, op->latent, op->rotary, panel + nope * PANEL);
}

void expand_latents(const struct attention_work *work, const struct block *block, int64_t head) {
    struct weight latents = block_view(work, block, 0, work->op->key_stride, work->op->latent);
    bool bf16 = computes_bf16(&work->numerics, &work->op->v_up[head]);
    for (int64_t j = 0; j < block->count; j++)
        unpack_x(work, &latents, j, bf16, work->scratch.latents + j * padded(work));
}

void expand_values(const struct attention_work *work, const struct block *block, int64_t head, int64_t p,
                   int64_t from, float *panel) {
    const struct weight *v_up = &work->op->v_up[head];
    multiply(work, v_up, p * PANEL, work->scratch.latents + from * padded(work), block->count - from,
             computes_bf16(&work->numerics, v_up), panel);
}
