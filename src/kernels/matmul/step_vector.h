/*
 * Steps, many outputs at a time: step_ref.c with the dots of LANES rows side by side. Weights stay as the
 * file has them, a row after the other. Of each block the same 16 bytes of LANES rows are loaded so that
 * 128-bit lane l of register e holds row 4 l + e; a dot instruction leaves four partial sums of each row in
 * its lane, and adding the four registers crosswise leaves row r in lane r, in order:
 *
 *     c[e]   lane 0:  row e     4 partial sums          sum     lane 0:  row 0, 1, 2, 3
 *            lane 1:  row 4 + e 4 partial sums   ->             lane 1:  row 4, 5, 6, 7
 *            ...                                                ...
 *
 * With one row of activations the time goes into waiting for memory. LANES rows lie in one piece, and so do
 * those after them: while these are computed, those are fetched, in the order of their addresses.
 *
 * The including file defines, beside LANES, LEVEL(name), vi and vf: load_rows, spread, sum_rows, nibbles_low,
 * nibbles_high, dot_nibbles, dot_bytes with BYTES_BIAS, offsets_of, half_scales, words and so on, and v_*.
 */
#include "base/checked.h"
#include "kernels/kernels.h"
#include "kernels/matmul/quantised.h"
#include "tensor/blocks/formats.h"

enum { STEP_ROWS = 4 }; /* of activations at a time */

/* LANES rows of a weight, or one of them LANES times (stride 0); and what is fetched meanwhile. */
struct step_group {
    const unsigned char *at;
    int64_t stride, cols;
    const unsigned char *fetch; /* NULL: nothing */
    struct quantised_row x[STEP_ROWS];
};

INLINE void load_four(const unsigned char *at, int64_t stride, vi out[4]) {
    out[0] = load_rows(at, stride);
    out[1] = load_rows(at + stride, stride);
    out[2] = load_rows(at + 2 * stride, stride);
    out[3] = load_rows(at + 3 * stride, stride);
}

/* The next `bytes` of the rows that follow. */
INLINE void fetch_next(struct step_group *g, int64_t bytes) {
    if (!g->fetch) return;
    for (int64_t i = 0; i < bytes; i += 64) _mm_prefetch((const char *)g->fetch + i, _MM_HINT_T1);
    g->fetch += bytes;
}

INLINE void group_q8_0(struct step_group g, const int rows, float *out) {
    struct offsets offsets = offsets_of(g.stride);
    vf acc[STEP_ROWS];
    for (int m = 0; m < rows; m++) acc[m] = v_zero();
    for (int64_t b = 0; b < g.cols / 32; b++, g.at += sizeof(struct q8_0)) {
        vi low[4], high[4], c[4];
        load_four(g.at + 2, g.stride, low);
        load_four(g.at + 18, g.stride, high);
        vf d = half_scales(g.at, offsets);
        fetch_next(&g, LANES * sizeof(struct q8_0));
        for (int m = 0; m < rows; m++) {
            vi first = spread(g.x[m].q + 32 * b), second = spread(g.x[m].q + 32 * b + 16);
            for (int e = 0; e < 4; e++) c[e] = dot_bytes(low[e], first, high[e], second);
            vi dot = v_sub(sum_rows(c), v_int(BYTES_BIAS * g.x[m].sum[b]));
            acc[m] = v_fma(v_mul(d, v_all(g.x[m].scale[b])), v_float(dot), acc[m]);
        }
    }
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, acc[m]);
}

INLINE void group_q4_0(struct step_group g, const int rows, float *out) {
    struct offsets offsets = offsets_of(g.stride);
    vf acc[STEP_ROWS];
    for (int m = 0; m < rows; m++) acc[m] = v_zero();
    for (int64_t b = 0; b < g.cols / 32; b++, g.at += sizeof(struct q4_0)) {
        vi q[4], low[4], high[4], c[4];
        load_four(g.at + 2, g.stride, q);
        for (int e = 0; e < 4; e++) low[e] = nibbles_low(q[e]), high[e] = nibbles_high(q[e]);
        vf d = half_scales(g.at, offsets);
        fetch_next(&g, LANES * sizeof(struct q4_0));
        for (int m = 0; m < rows; m++) {
            vi first = spread(g.x[m].q + 32 * b), second = spread(g.x[m].q + 32 * b + 16);
            for (int e = 0; e < 4; e++) c[e] = dot_nibbles(low[e], first, high[e], second);
            vi dot = v_sub(sum_rows(c), v_int(8 * g.x[m].sum[b]));
            acc[m] = v_fma(v_mul(d, v_all(g.x[m].scale[b])), v_float(dot), acc[m]);
        }
    }
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, acc[m]);
}

/* The first 16 bytes of a q4_k: scales and minima of 8 groups of 32, byte t % 4 of word t / 4 a row. */
struct q4_k_head {
    vf d, dmin;
    vi scale[2], least[2];
};

INLINE struct q4_k_head q4_k_head(const unsigned char *at, int64_t stride) {
    vi words[4];
    load_four(at, stride, words);
    transpose_rows(words);
    vi a = words[1], b = words[2], c = words[3];
    const vi six = v_int(0x3f3f3f3f), low = v_int(0x0f0f0f0f), top = v_int(0x30303030);
    struct q4_k_head head = { .d = v_half(words[0]), .dmin = v_half(v_shift(words[0], 16)) };
    head.scale[0] = v_and(a, six);
    head.least[0] = v_and(b, six);
    head.scale[1] = v_or(v_and(c, low), v_and(v_shift(a, 2), top));
    head.least[1] = v_or(v_and(v_shift(c, 4), low), v_and(v_shift(b, 2), top));
    return head;
}

INLINE void group_q4_k(struct step_group g, const int rows, float *out) {
    vf acc[STEP_ROWS], acm[STEP_ROWS];
    for (int m = 0; m < rows; m++) acc[m] = acm[m] = v_zero();
    for (int64_t b = 0; b < g.cols / 32; g.at += sizeof(struct q4_k)) {
        struct q4_k_head head = q4_k_head(g.at, g.stride);
        UNROLL
        for (int pair = 0; pair < 4; pair++) {
            vi q[2][4], c[4];
            load_four(g.at + 16 + 32 * pair, g.stride, q[0]);
            load_four(g.at + 32 + 32 * pair, g.stride, q[1]);
            fetch_next(&g, LANES * sizeof(struct q4_k) / 4);
            UNROLL
            for (int upper = 0; upper < 2; upper++, b++) {
                int t = 2 * pair + upper, byte = 8 * (t % 4);
                vf scale = v_mul(head.d, v_float(v_and(v_shift(head.scale[t / 4], byte), v_int(255))));
                vf least = v_mul(head.dmin, v_float(v_and(v_shift(head.least[t / 4], byte), v_int(255))));
                vi low[4], high[4];
                for (int e = 0; e < 4; e++) {
                    low[e] = upper ? nibbles_high(q[0][e]) : nibbles_low(q[0][e]);
                    high[e] = upper ? nibbles_high(q[1][e]) : nibbles_low(q[1][e]);
                }
                for (int m = 0; m < rows; m++) {
                    vi first = spread(g.x[m].q + 32 * b), second = spread(g.x[m].q + 32 * b + 16);
                    for (int e = 0; e < 4; e++) c[e] = dot_nibbles(low[e], first, high[e], second);
                    float xs = g.x[m].scale[b];
                    acc[m] = v_fma(v_mul(scale, v_all(xs)), v_float(sum_rows(c)), acc[m]);
                    acm[m] = v_fma(least, v_all(xs * (float)g.x[m].sum[b]), acm[m]);
                }
            }
        }
    }
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, v_minus(acc[m], acm[m]));
}

/* One group of rows for 1 to STEP_ROWS rows of activations, each number a loop of its own. */
#define STEP_GROUP(format)                                                                                   \
    static void some_##format(const struct step_group *g, int64_t rows, float *out) {                        \
        switch (rows) {                                                                                      \
        case 1: group_##format(*g, 1, out); break;                                                           \
        case 2: group_##format(*g, 2, out); break;                                                           \
        case 3: group_##format(*g, 3, out); break;                                                           \
        default: group_##format(*g, 4, out);                                                                 \
        }                                                                                                    \
    }
STEP_GROUP(q8_0)
STEP_GROUP(q4_0)
STEP_GROUP(q4_k)

/* The last few rows of a weight, one by one. */
static void step_rest(struct step_group g, int64_t stride, int64_t present, int64_t rows, float *out,
                      void (*some)(const struct step_group *g, int64_t rows, float *out)) {
    float lanes[STEP_ROWS * PANEL];
    g.stride = 0;
    g.fetch = NULL;
    for (int64_t j = 0; j < LANES; j++) {
        if (j < present) some(&g, rows, lanes);
        for (int64_t m = 0; m < rows; m++) out[m * PANEL + j] = j < present ? lanes[m * PANEL] : 0;
        g.at += stride;
    }
}

static void step_tile(const struct weight *w, int64_t n0, const void *x, int64_t rows, float *out,
                      int64_t row_bytes, void (*some)(const struct step_group *g, int64_t rows, float *out)) {
    for (int64_t m0 = 0; m0 < rows; m0 += STEP_ROWS)
        for (int64_t j0 = 0; j0 < PANEL; j0 += LANES) {
            int64_t n = n0 + j0, chunk = min_i64(STEP_ROWS, rows - m0);
            struct step_group g = { .at = w->data + n * w->row_stride,
                                    .stride = w->row_stride,
                                    .cols = w->cols };
            for (int64_t m = 0; m < chunk; m++) g.x[m] = quantised_row(x, m0 + m, w->cols);
            if (m0 == 0 && w->row_stride == row_bytes) g.fetch = g.at + LANES * row_bytes;
            if (n + LANES <= w->rows)
                some(&g, chunk, out + m0 * PANEL + j0);
            else
                step_rest(g, w->row_stride, w->rows - n, chunk, out + m0 * PANEL + j0, some);
        }
}

void LEVEL(step_q8_0)(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                      float *restrict out) {
    step_tile(w, n0, x, rows, out, w->cols / 32 * (int64_t)sizeof(struct q8_0), some_q8_0);
}

void LEVEL(step_q4_0)(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                      float *restrict out) {
    step_tile(w, n0, x, rows, out, w->cols / 32 * (int64_t)sizeof(struct q4_0), some_q4_0);
}

void LEVEL(step_q4_k)(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,
                      float *restrict out) {
    step_tile(w, n0, x, rows, out, w->cols / 256 * (int64_t)sizeof(struct q4_k), some_q4_k);
}
