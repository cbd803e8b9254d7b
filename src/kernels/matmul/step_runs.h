/*
 * Block formats in integers: each run of 32 k of LANES outputs, decoded once for both ways of multiplying it.
 * Weights stay as the file has them, a row after the other. Of each block the same 16 bytes of LANES rows are
 * loaded so that 128-bit lane l of register e holds row 4 l + e.
 *
 * A run goes to a sink: to the chains of a few rows of activations at once (step_chains.h), or into records
 * that many rows read (step_records.h). Which one is known to the compiler, so neither costs the other.
 *
 * The including file defines, beside LANES and LEVEL(name), what step_vector.h lists.
 */
#include "base/checked.h"
#include "kernels/kernels.h"
#include "kernels/matmul/quantised.h"
#include "tensor/blocks/formats.h"

/* LANES rows of a weight, or one of them LANES times (stride 0); and what is fetched meanwhile. */
struct step_group {
    const unsigned char *at; /* moves on with the blocks */
    int64_t stride;
    const unsigned char *fetch; /* NULL: nothing */
};

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
    bool taken;     /* which is subtracted, not added */
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

struct sink;
INLINE void sink_take(struct sink *sink, const struct run_kind kind, const struct run *w, int64_t b);

/* ---- the formats: `runs` of them from g->at on; the run in hand is number b ---- */

static const struct run_kind kind_q8_0 = { .bytes = true, .zero = BYTES_BIAS }, kind_q4_0 = { .zero = 8 },
                             kind_q4_1 = { .has_least = true },
                             kind_q4_k = { .has_least = true, .taken = true };

INLINE void runs_q8_0(struct step_group *g, int64_t runs, struct sink *sink) {
    struct offsets offsets = offsets_of(g->stride);
    for (int64_t b = 0; b < runs; b++, g->at += sizeof(struct q8_0)) {
        struct run w;
        load_four(g->at + 2, g->stride, w.low);
        load_four(g->at + 18, g->stride, w.high);
        w.scale = v_half(first_words(g->at, offsets));
        fetch_next(g, LANES * sizeof(struct q8_0));
        sink_take(sink, kind_q8_0, &w, b);
    }
}

/* Blocks of 16 bytes of nibbles behind one scale, or behind a scale and a minimum. */
INLINE void runs_nibbles(struct step_group *g, int64_t runs, struct sink *sink, const struct run_kind kind) {
    const int64_t bytes = kind.has_least ? sizeof(struct q4_1) : sizeof(struct q4_0);
    struct offsets offsets = offsets_of(g->stride);
    for (int64_t b = 0; b < runs; b++, g->at += bytes) {
        struct run w;
        vi q[4], head = first_words(g->at, offsets);
        load_four(g->at + bytes - 16, g->stride, q);
        for (int e = 0; e < 4; e++) w.low[e] = nibbles_low(q[e]), w.high[e] = nibbles_high(q[e]);
        w.scale = v_half(head);
        if (kind.has_least) w.least = v_half(v_shift(head, 16));
        fetch_next(g, LANES * bytes);
        sink_take(sink, kind, &w, b);
    }
}

INLINE void runs_q4_0(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_nibbles(g, runs, sink, kind_q4_0);
}

INLINE void runs_q4_1(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_nibbles(g, runs, sink, kind_q4_1);
}

/* The first 16 bytes of a q4_k: scales and minima of 8 groups of 32, byte t % 4 of word t / 4 a row. */
struct q4_k_head {
    vf d, dmin;
    vi scale[2], least[2];
};

/* From words 1 to 3 of a block. */
INLINE void k_scales(vi a, vi b, vi c, vi scale[2], vi least[2]) {
    const vi six = v_int(0x3f3f3f3f), low = v_int(0x0f0f0f0f), top = v_int(0x30303030);
    scale[0] = v_and(a, six);
    least[0] = v_and(b, six);
    scale[1] = v_or(v_and(c, low), v_and(v_shift(a, 2), top));
    least[1] = v_or(v_and(v_shift(c, 4), low), v_and(v_shift(b, 2), top));
}

INLINE struct q4_k_head q4_k_head(const unsigned char *at, int64_t stride) {
    vi words[4];
    load_four(at, stride, words);
    transpose_rows(words);
    struct q4_k_head head = { .d = v_half(words[0]), .dmin = v_half(v_shift(words[0], 16)) };
    k_scales(words[1], words[2], words[3], head.scale, head.least);
    return head;
}

INLINE void runs_q4_k(struct step_group *g, int64_t runs, struct sink *sink) {
    for (int64_t b = 0; b < runs; g->at += sizeof(struct q4_k)) {
        struct q4_k_head head = q4_k_head(g->at, g->stride);
        UNROLL
        for (int pair = 0; pair < 4; pair++) {
            vi q[2][4];
            load_four(g->at + 16 + 32 * pair, g->stride, q[0]);
            load_four(g->at + 32 + 32 * pair, g->stride, q[1]);
            fetch_next(g, LANES * sizeof(struct q4_k) / 4);
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
                sink_take(sink, kind_q4_k, &w, b);
            }
        }
    }
}
