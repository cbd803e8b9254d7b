/*
 * A few rows of activations at a time: step_ref.c with the dots of LANES outputs side by side. A dot
 * instruction leaves four partial sums of each output in its 128-bit lane, and adding the four registers of a
 * run crosswise leaves output r in lane r, in order:
 *
 *     c[e]   lane 0:  row e     4 partial sums          sum     lane 0:  row 0, 1, 2, 3
 *            lane 1:  row 4 + e 4 partial sums   ->             lane 1:  row 4, 5, 6, 7
 *            ...                                                ...
 *
 * With one row the time goes into waiting for memory. LANES outputs lie in one piece, and so do those after
 * them: while these are computed, those are fetched, in the order of their addresses.
 */
enum { STEP_ROWS = 4 }; /* of activations at a time */

/* The chains of LANES outputs by `rows` rows of activations. */
struct chains {
    vf acc[STEP_ROWS], acm[STEP_ROWS];
    const struct quantised_row *x;
};

/* 16 activations with their weights, less `zero` each. */
INLINE vi dot_of_half(const vi w[4], vi x, int32_t zero) {
    vi c[4], none = v_sub(v_int(0), dot_word(v_int(0), v_int(zero * 0x01010101), x, false));
    for (int e = 0; e < 4; e++) c[e] = dot_word(none, w[e], x, false);
    return sum_rows(c);
}

/* One link: run b of the activations with the weights that stand there. */
INLINE void chains_add(struct chains *chains, const struct run_kind kind, const struct run *w, int64_t b,
                       const int rows) {
    for (int m = 0; m < rows; m++) {
        const int8_t *q = chains->x[m].q + 32 * b;
        float xs = chains->x[m].scale[b];
        int32_t sum = chains->x[m].sum[b];
        vi first = spread(q), second = spread(q + 16), c[4], dot;
        if (kind.halves) {
            dot = v_add(v_times(w->low_scale, dot_of_half(w->low, first, kind.zero)),
                        v_times(w->high_scale, dot_of_half(w->high, second, kind.zero)));
        } else {
            for (int e = 0; e < 4; e++)
                c[e] = kind.bytes ? dot_bytes(w->low[e], first, w->high[e], second)
                                  : dot_nibbles(w->low[e], first, w->high[e], second);
            dot = v_sub(sum_rows(c), v_int(kind.zero * sum));
        }
        chains->acc[m] = v_fma(v_mul(w->scale, v_all(xs)), v_float(dot), chains->acc[m]);
        if (kind.has_least) chains->acm[m] = v_fma(w->least, v_all(xs * (float)sum), chains->acm[m]);
    }
}

INLINE struct chains chains_begin(const struct quantised_row *x, const int rows) {
    struct chains chains = { .x = x };
    for (int m = 0; m < rows; m++) chains.acc[m] = chains.acm[m] = v_zero();
    return chains;
}

INLINE void chains_put(const struct chains *chains, const struct run_kind kind, const int rows, float *out) {
    for (int m = 0; m < rows; m++) v_put(out + m * PANEL, joined(chains->acc[m], chains->acm[m], kind));
}
