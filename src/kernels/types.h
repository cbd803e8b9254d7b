/*
 * What each kernel computes: the function types. A kernel computes one tile; it knows no threads, takes no
 * memory, and every level gives the same bits (docs/numerics.md tells the orders). *_ref.c is the
 * definition.
 *
 * Lanes: "16 lanes" means that element i goes to virtual lane i mod 16, each lane accumulates its elements in
 * ascending order from +0, missing elements of the last group count as 0 (for max: as -infinity), and the
 * lanes are joined as (l, l+8), (l, l+4), (l, l+2), (l, l+1).
 *
 * real is f32, but for the second build of the ref kernels (tensor/real.h); weights, biases and what a spec
 * says are f32 in both.
 *
 * restrict: outputs alias no input unless said. Pointers need no alignment beyond their element's.
 */
#ifndef KERNELS_TYPES_H
#define KERNELS_TYPES_H

#include "tensor/activation.h"
#include "tensor/real.h"
#include "tensor/weight.h"

#define PANEL 32 /* outputs side by side in a panel */

/* ---- matmul/: products, as panel then product ---- */

/* Decode PANEL outputs n0.. of w, inputs [k0, k0 + kc), into panel[kc][PANEL] f32, k-major. Outputs past
 * w->rows give 0. */
typedef void panel_f32_fn(const struct weight *w, int64_t n0, int64_t k0, int64_t kc, real *restrict panel);

/* The same as bf16 pairs: panel[ceil(kc / 32) * 16][PANEL], each word holds k = 2p in its low half and 2p + 1
 * in its high half. Values are rounded to nearest even from the exact f32 decode; k past kc gives 0. k0 is a
 * multiple of 32. */
typedef void panel_bf16_fn(const struct weight *w, int64_t n0, int64_t k0, int64_t kc,
                           uint32_t *restrict panel);

/* acc[m][j] = fma(x[m][k], panel[k][j], acc[m][j]) for k ascending; acc is [rows][PANEL]. One chain an
 * output, which goes on from what acc holds (start it at +0). */
typedef void product_f32_fn(const real *restrict panel, int64_t kc, const real *restrict x, int64_t x_stride,
                            int64_t rows, real *restrict acc);

/* The order of TDPBF16PS, per 32 k: e = chain over even k from +0, o = chain over odd k from +0, acc = acc +
 * (e + o). x holds bf16 (round_bf16), is readable up to the next multiple of 32 k, and zero beyond kc. */
typedef void product_bf16_fn(const uint32_t *restrict panel, int64_t kc, const uint16_t *restrict x,
                             int64_t x_stride, int64_t rows, real *restrict acc);

/* out[i] = x[i] rounded to bf16, nearest even, NaN quiet. */
typedef void round_bf16_fn(const real *restrict x, int64_t count, uint16_t *restrict out);

/* ---- matmul/: steps, in integers ---- (matmul/quantised.h draws a row of them) */

/* x [count], a multiple of 32, to int8 in [-127, 127], a scale and the sum of the integers for each 32. With
 * a the largest |x| of those: scale = a / 127, q = x * (127 / a) to the nearest integer, ties to even. Where
 * a < 2^-119: q = 0, scale = 0. Where it is not finite: q = 0, scale = NaN. */
typedef void quantise_fn(const real *restrict x, int64_t count, int8_t *restrict q, float *restrict scale,
                         int32_t *restrict sum);

/* One tile: PANEL outputs n0.. of w, read in place (at any address; nothing outside its blocks is touched),
 * for `rows` quantised rows at x, to out [rows][PANEL]; outputs past w->rows give 0. w is not transposed, and
 * its columns are whole blocks. Each output is one chain over its blocks from +0, dots being exact:
 *     q8_0, q4_0, q5_0   acc = fma(d * scale, dot, acc)
 *     q4_1, q5_1         acc = fma(d * scale, dot, acc), acm = fma(m, scale * sum, acm); acc + acm
 *     q4_k, q5_k         acc = fma((d * sc) * scale, dot, acc), acm = fma(dmin * mn, scale * sum, acm);
 *                        acc - acm
 *     q6_k               acc = fma(d * scale, sc0 * dot0 + sc1 * dot1, acc), dots of 16 each
 */
typedef void step_fn(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                     real *restrict out);
typedef step_fn step_q8_0_fn, step_q4_0_fn, step_q4_1_fn, step_q4_k_fn, step_q5_0_fn, step_q5_1_fn,
    step_q5_k_fn, step_q6_k_fn;

/* ---- matmul/tile.h: what the tile unit computes ---- no operation's, but what kernel-check holds the
 * processor's instructions against. c [M][N] (+)= a [M][K] x b [K][N] in words of 32 bits, M, K, N <= 16;
 * strides in words; fresh: c starts at zero. Orders: tile.h. */
struct tile_operands {
    int64_t M, K, N, a_stride, b_stride, c_stride;
    bool fresh;
};
typedef void tile_fn(const struct tile_operands *shape, const uint32_t *a, const uint32_t *b, uint32_t *c);
typedef tile_fn tile_bf16_fn, tile_int8_fn;

/* ---- unpack/ ---- */

/* Row `row` of w, all its columns, to reals: embedding rows, vectors, values of the cache. */
typedef void unpack_row_fn(const struct weight *w, int64_t row, real *restrict out);

/* Reals -> F32, F16 or BF16 (nearest even), or Q8_0 (tensor/blocks/q8_0.h; the last block filled up with
 * zeros; one that holds NaN or infinity decodes as NaN throughout): keys and values into the cache. */
typedef void pack_row_fn(enum dtype dtype, const real *restrict x, int64_t count, void *restrict out);

/* ---- norm/ ---- in place allowed (out == x) */

/* out = x / sqrt(mean(x^2) + eps) * w: the sum of squares in 16 lanes (fma), r = 1 / sqrtf(sum / n + eps),
 * then (x * r) * w; w NULL: x * r. */
typedef void rms_norm_fn(const real *x, const float *weight, float eps, int64_t n, real *out);

/* mean: sum in 16 lanes / n; variance: sum of (x - mean)^2 in 16 lanes (fma) / n; out = fma((x - mean) * r,
 * w, b); w NULL: (x - mean) * r + b; b NULL: ((x - mean) * r) * w; both: (x - mean) * r. */
typedef void layer_norm_fn(const real *x, const float *weight, const float *bias, float eps, int64_t n,
                           real *out);

/* ---- softmax/ ---- */

/* out = exp(x - max) / sum, max and sum in 16 lanes. In place allowed. A row of -infinity gives zeros; a row
 * that holds NaN gives NaN. */
typedef void softmax_fn(const real *x, int64_t n, real *out);

/* One block of online softmax for one row of attention scores. scores[j], j in [0, count): raw dot products
 * of keys; only j in [first, last) are visible, the rest become 0. s_j = cap > 0 ? cap * tanh(scale * z_j /
 * cap) : scale * z_j ;  m' = max(m, max s_j) ;  p_j = exp(s_j - m') writes p_j into scores[j], *rescale =
 * exp(m - m') (1 where m' = m, 0 where m = -infinity), *max = m' and *sum = fma(*sum, *rescale, block sum);
 * max and block sum in 16 lanes by j. count <= 256; an empty range changes nothing (rescale 1) and zeroes the
 * scores. */
typedef void softmax_block_fn(real *scores, int64_t count, int64_t first, int64_t last, float scale,
                              float cap, real *max, real *sum, real *rescale);

/* ---- activation/ ---- */

/* out = act(gate) * up (up NULL: act(gate)); limit and alpha are SWIGLU_OAI's. In place allowed on gate. With
 * the functions of activation/polynomials.h, x * sigmoid(a x) as x / (1 + exp(-(a x))); NaN stays NaN. */
typedef void gated_fn(enum activation activation, const real *gate, const real *up, int64_t n, float limit,
                      float alpha, real *out);

enum unary {
    UNARY_SIGMOID,
    UNARY_RELU,
    UNARY_TANH_CAP /* cap * tanh(x / cap) */,
    UNARY_CLAMP /* to +-cap */,
    UNARY_COUNT
};
typedef void unary_fn(enum unary unary, const real *x, int64_t n, float cap,
                      real *out); /* in place allowed */

/* ---- rope/ ---- */

/* Rotate one head in place. half pairs: (x[i], x[i + half]) or, interleaved, (x[2i], x[2i + 1]):
 *     a' = fma(a, cos, -(b * sin)),  b' = fma(b, cos, a * sin). */
typedef void rope_fn(real *x, const real *cos, const real *sin, int64_t half, bool interleaved);

/* ---- top_k/ ---- */

/* The k largest of n (k <= n < 2^24), best first, ties to the lower index, NaN below everything. ids are
 * distinct, whatever x holds. */
typedef void top_k_fn(const real *x, int64_t n, int64_t k, int32_t *restrict ids);

/* ---- elementwise/ ---- */

typedef void axpy_fn(real scale, const real *x, int64_t n, real *y);  /* y = fma(scale, x, y) */
typedef void scale_fn(real scale, const real *x, int64_t n, real *y); /* y = scale * x; in place allowed */

#endif
