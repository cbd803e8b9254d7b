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
 * nibbles_high, dot_nibbles, dot_bytes with BYTES_BIAS, offsets_of, first_words, transpose_rows, and v_*.
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

/* 32 weights of each row: their integers, the first 16 and the last, and what these are multiplied with. */
struct run {
    vi low[4], high[4];
    vf scale, least;
};

/* How a format writes them: a constant. */
struct run_kind {
    bool bytes;     /* integers of 8 bits with a sign; else of 4 without */
    int32_t zero;   /* the integer that stands for 0, as dots find them */
    bool has_least; /* a number beside scale * integer */
};

/* The chains of LANES outputs by `rows` rows of activations. */
struct chains {
    vf acc[STEP_ROWS], acm[STEP_ROWS];
};

INLINE struct chains chains_begin(const int rows) {
    struct chains chains;
    for (int m = 0; m < rows; m++) chains.acc[m] = chains.acm[m] = v_zero();
    return chains;
}

/* One link: block b of the activations with the weights that stand there. */
INLINE void chains_add(struct chains *chains, const struct run_kind kind, const struct run *w,
                       const struct step_group *g, int64_t b, const int rows) {
    for (int m = 0; m < rows; m++) {
        const int8_t *q = g->x[m].q + 32 * b;
        float xs = g->x[m].scale[b];
        int32_t sum = g->x[m].sum[b];
        vi first = spread(q), second = spread(q + 16), c[4];
        for (int e = 0; e < 4; e++)
            c[e] = kind.bytes ? dot_bytes(w->low[e], first, w->high[e], second)
                              : dot_nibbles(w->low[e], first, w->high[e], second);
        vi dot = v_sub(sum_rows(c), v_int(kind.zero * sum));
        chains->acc[m] = v_fma(v_mul(w->scale, v_all(xs)), v_float(dot), chains->acc[m]);
        if (kind.has_least) chains->acm[m] = v_fma(w->least, v_all(xs * (float)sum), chains->acm[m]);
    }
}

INLINE void group_q8_0(struct step_group g, const int rows, float *out) {
    const struct run_kind kind = { .bytes = true, .zero = BYTES_BIAS };
    struct offsets offsets = offsets_of(g.stride);
    struct chains chains = chains_begin(rows);
    for (int64_t b = 0; b < g.cols / 32; b++, g.at += sizeof(struct q8_0)) {
        struct run w;
        load_four(g.at + 2, g.stride, w.low);
        load_four(g.at + 18, g.stride, w.high);
        w.scale = v_half(first_words(g.at, offsets));
        fetch_next(&g, LANES * sizeof(struct q8_0));
        chains_add(&chains, kind, &w, &g, b, rows);
    }
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, chains.acc[m]);
}

/* Blocks of 16 bytes of nibbles behind one scale, or behind a scale and a minimum. */
INLINE void group_nibbles(struct step_group g, const int rows, float *out, const struct run_kind kind) {
    const int64_t bytes = kind.has_least ? sizeof(struct q4_1) : sizeof(struct q4_0);
    struct offsets offsets = offsets_of(g.stride);
    struct chains chains = chains_begin(rows);
    for (int64_t b = 0; b < g.cols / 32; b++, g.at += bytes) {
        struct run w;
        vi q[4], head = first_words(g.at, offsets);
        load_four(g.at + bytes - 16, g.stride, q);
        for (int e = 0; e < 4; e++) w.low[e] = nibbles_low(q[e]), w.high[e] = nibbles_high(q[e]);
        w.scale = v_half(head);
        if (kind.has_least) w.least = v_half(v_shift(head, 16));
        fetch_next(&g, LANES * bytes);
        chains_add(&chains, kind, &w, &g, b, rows);
    }
    for (int m = 0; m < rows; m++)
        v_put(out + m * PANEL, kind.has_least ? v_plus(chains.acc[m], chains.acm[m]) : chains.acc[m]);
}

INLINE void group_q4_0(struct step_group g, const int rows, float *out) {
    group_nibbles(g, rows, out, (struct run_kind){ .zero = 8 });
}

INLINE void group_q4_1(struct step_group g, const int rows, float *out) {
    group_nibbles(g, rows, out, (struct run_kind){ .has_least = true });
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
    const struct run_kind kind = { .has_least = true };
    struct chains chains = chains_begin(rows);
    for (int64_t b = 0; b < g.cols / 32; g.at += sizeof(struct q4_k)) {
        struct q4_k_head head = q4_k_head(g.at, g.stride);
        UNROLL
        for (int pair = 0; pair < 4; pair++) {
            vi q[2][4];
            load_four(g.at + 16 + 32 * pair, g.stride, q[0]);
            load_four(g.at + 32 + 32 * pair, g.stride, q[1]);
            fetch_next(&g, LANES * sizeof(struct q4_k) / 4);
            UNROLL
            for (int upper = 0; upper < 2; upper++, b++) {
                int t = 2 * pair + upper, byte = 8 * (t % 4);
                struct run w;
                w.scale = v_mul(head.d, v_float(v_and(v_shift(head.scale[t / 4], byte), v_int(255))));
                w.least = v_mul(head.dmin, v_float(v_and(v_shift(head.least[t / 4], byte), v_int(255))));
                for (int e = 0; e < 4; e++) {
                    w.low[e] = upper ? nibbles_high(q[0][e]) : nibbles_low(q[0][e]);
                    w.high[e] = upper ? nibbles_high(q[1][e]) : nibbles_low(q[1][e]);
                }
                chains_add(&chains, kind, &w, &g, b, rows);
            }
        }
    }
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, v_minus(chains.acc[m], chains.acm[m]));
}

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

/* The kernel of a format. One group of rows for 1 to STEP_ROWS rows of activations: each number a loop of its
 * own. */
#define STEP(format, elements)                                                                               \
    static void some_##format(const struct step_group *g, int64_t rows, float *out) {                        \
        switch (rows) {                                                                                      \
        case 1: group_##format(*g, 1, out); break;                                                           \
        case 2: group_##format(*g, 2, out); break;                                                           \
        case 3: group_##format(*g, 3, out); break;                                                           \
        default: group_##format(*g, 4, out);                                                                 \
        }                                                                                                    \
    }                                                                                                        \
    void LEVEL(step_##format)(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,      \
                              float *restrict out) {                                                         \
        step_tile(w, n0, x, rows, out, w->cols / (elements) * (int64_t)sizeof(struct format),                \
                  some_##format);                                                                            \
    }
STEP(q8_0, 32)
STEP(q4_0, 32)
STEP(q4_1, 32)
STEP(q4_k, 256)
