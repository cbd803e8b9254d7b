/*
 * Block formats in integers: each run of 32 k of LANES outputs, decoded once for both ways of multiplying it.
 * Weights stay as the file has them, a row after the other. Of each block the same 16 bytes of LANES rows are
 * loaded so that 128-bit lane l of register e holds row 4 l + e.
 *
 * A run goes to a sink: to the chains of a few rows of activations at once (step_chains.h), or into the cache
 * that many rows read (step_decoded.h). Which one is known to the compiler, so neither costs the other.
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
    vi low_scale, high_scale; /* where halves have theirs: integers */
};

/* How a format writes them: a constant. */
struct run_kind {
    bool bytes;     /* integers of 8 bits with a sign; else of 4 to 6 without */
    bool nibbles;   /* of 4 bits */
    bool halves;    /* each 16 have a scale of their own, an integer, beneath that of all */
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

static const struct run_kind kind_q8_0 = { .bytes = true, .zero = BYTES_BIAS },
                             kind_q4_0 = { .nibbles = true, .zero = 8 },
                             kind_q4_1 = { .nibbles = true, .has_least = true }, kind_q5_0 = { .zero = 16 },
                             kind_q5_1 = { .has_least = true },
                             kind_q4_k = { .nibbles = true, .has_least = true, .taken = true },
                             kind_q5_k = { .has_least = true, .taken = true },
                             kind_q6_k = { .halves = true, .zero = 32 };

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

/* The same with a bit more for each number, before them: 4 bytes, within the first 16 of the block. */
INLINE void runs_nibbles_and_bits(struct step_group *g, int64_t runs, struct sink *sink,
                                  const struct run_kind kind) {
    const int64_t bytes = kind.has_least ? sizeof(struct q5_1) : sizeof(struct q5_0);
    const int fifths = kind.has_least ? 4 : 2;
    for (int64_t b = 0; b < runs; b++, g->at += bytes) {
        struct run w;
        vi q[4], head[4];
        load_four(g->at, g->stride, head);
        load_four(g->at + bytes - 16, g->stride, q);
        for (int e = 0; e < 4; e++) {
            w.low[e] = with_fifths(nibbles_low(q[e]), head[e], fifths);
            w.high[e] = with_fifths(nibbles_high(q[e]), head[e], fifths + 2);
        }
        transpose_rows(head);
        w.scale = v_half(head[0]);
        if (kind.has_least) w.least = v_half(v_shift(head[0], 16));
        fetch_next(g, LANES * bytes);
        sink_take(sink, kind, &w, b);
    }
}

INLINE void runs_q5_0(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_nibbles_and_bits(g, runs, sink, kind_q5_0);
}

INLINE void runs_q5_1(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_nibbles_and_bits(g, runs, sink, kind_q5_1);
}

/* The first 16 bytes of q4_k and q5_k: scales and minima of 8 groups of 32; t is byte t % 4 of word t / 4. */
struct k_head {
    vf d, dmin;
    vi scale[2], least[2];
};

/* From its words. */
INLINE struct k_head k_head_of(vi first, vi a, vi b, vi c) {
    const vi six = v_int(0x3f3f3f3f), low = v_int(0x0f0f0f0f), top = v_int(0x30303030);
    struct k_head head = { .d = v_half(first), .dmin = v_half(v_shift(first, 16)) };
    head.scale[0] = v_and(a, six);
    head.least[0] = v_and(b, six);
    head.scale[1] = v_or(v_and(c, low), v_and(v_shift(a, 2), top));
    head.least[1] = v_or(v_and(v_shift(c, 4), low), v_and(v_shift(b, 2), top));
    return head;
}

INLINE struct k_head k_head(const unsigned char *at, int64_t stride) {
    vi words[4];
    load_four(at, stride, words);
    transpose_rows(words);
    return k_head_of(words[0], words[1], words[2], words[3]);
}

/* The bits of each byte moved up by `up`, or down by -up: those that come to `mask`, from their own byte. */
INLINE vi moved(vi bytes, int up, int mask) {
    return v_and(up < 0 ? v_shift(bytes, -up) : v_left(bytes, up), v_int(mask * 0x01010101));
}

/* q5_k has the fifth bits of all 8 groups in one place: those of group t are bits t. */
INLINE void runs_k(struct step_group *g, int64_t runs, struct sink *sink, const struct run_kind kind,
                   const bool five) {
    const int64_t bytes = five ? sizeof(struct q5_k) : sizeof(struct q4_k);
    for (int64_t b = 0; b < runs; g->at += bytes) {
        struct k_head head = k_head(g->at, g->stride);
        vi fifths[2][4];
        for (int half = 0; five && half < 2; half++)
            load_four(g->at + 16 + 16 * half, g->stride, fifths[half]);
        UNROLL
        for (int pair = 0; pair < 4; pair++) {
            vi q[2][4];
            load_four(g->at + bytes - 128 + 32 * pair, g->stride, q[0]);
            load_four(g->at + bytes - 112 + 32 * pair, g->stride, q[1]);
            fetch_next(g, LANES * bytes / 4);
            UNROLL
            for (int upper = 0; upper < 2; upper++, b++) {
                int t = 2 * pair + upper, byte = 8 * (t % 4);
                struct run w;
                w.scale = v_mul(head.d, v_float(v_and(v_shift(head.scale[t / 4], byte), v_int(255))));
                w.least = v_mul(head.dmin, v_float(v_and(v_shift(head.least[t / 4], byte), v_int(255))));
                for (int e = 0; e < 4; e++) {
                    w.low[e] = upper ? nibbles_high(q[0][e]) : nibbles_low(q[0][e]);
                    w.high[e] = upper ? nibbles_high(q[1][e]) : nibbles_low(q[1][e]);
                    if (five) w.low[e] = v_or(w.low[e], moved(fifths[0][e], 4 - t, 16));
                    if (five) w.high[e] = v_or(w.high[e], moved(fifths[1][e], 4 - t, 16));
                }
                sink_take(sink, kind, &w, b);
            }
        }
    }
}

INLINE void runs_q4_k(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_k(g, runs, sink, kind_q4_k, false);
}

INLINE void runs_q5_k(struct step_group *g, int64_t runs, struct sink *sink) {
    runs_k(g, runs, sink, kind_q5_k, true);
}

/* Byte i % 4 of words[i / 4] is the scale of sixteen i of a row, d half of the last word of the block. */
INLINE void runs_q6_k(struct step_group *g, int64_t runs, struct sink *sink) {
    struct offsets offsets = offsets_of(g->stride);
    for (int64_t b = 0; b < runs; g->at += sizeof(struct q6_k)) {
        vi scales[4];
        load_four(g->at + 192, g->stride, scales);
        transpose_rows(scales);
        vf d = v_half(v_shift(first_words(g->at + sizeof(struct q6_k) - 4, offsets), 16));
        UNROLL
        for (int part = 0; part < 2; part++) {
            vi four[4][4], two[2][4]; /* low bits of 64 numbers and of 64 more, high bits of all */
            for (int i = 0; i < 4; i++) load_four(g->at + 64 * part + 16 * i, g->stride, four[i]);
            for (int i = 0; i < 2; i++) load_four(g->at + 128 + 32 * part + 16 * i, g->stride, two[i]);
            UNROLL
            for (int quarter = 0; quarter < 4; quarter++, b++) {
                int t = 4 * part + quarter;
                const vi *first = four[quarter % 2 * 2], *last = four[quarter % 2 * 2 + 1];
                struct run w;
                for (int e = 0; e < 4; e++) {
                    w.low[e] = quarter < 2 ? nibbles_low(first[e]) : nibbles_high(first[e]);
                    w.high[e] = quarter < 2 ? nibbles_low(last[e]) : nibbles_high(last[e]);
                    w.low[e] = v_or(w.low[e], moved(two[0][e], 4 - 2 * quarter, 48));
                    w.high[e] = v_or(w.high[e], moved(two[1][e], 4 - 2 * quarter, 48));
                }
                w.scale = d;
                w.low_scale = v_byte(scales[t / 2], 2 * t % 4);
                w.high_scale = v_byte(scales[t / 2], 2 * t % 4 + 1);
                fetch_next(g, LANES * sizeof(struct q6_k) / 8);
                sink_take(sink, kind_q6_k, &w, b);
            }
        }
    }
}
