/*
 * Weights in records (tensor/records.h): a line holds four k of LANES outputs, so each lane sums an output of
 * its own, whatever the number of rows, and nothing is transposed or added crosswise. Record by record, half by
 * half, line by line in the order of addresses: one row of activations is bound by memory, and that is what
 * memory likes. Dots of 32 k stand in registers for up to LINE_ROWS rows of activations; of more, a panel is
 * walked again, from the caches.
 *
 * A format is its decoder of one line: `i` of eight in run t of a unit, as integers of eight bits.
 */

/* LANES outputs of a record. */
struct lines {
    const unsigned char *words; /* word i of these outputs: 64 bytes behind word i - 1 */
    const unsigned char *rests; /* their scales, where they stand beside the words */
};

INLINE vi line_word(const struct lines *at, int64_t word) {
    return v_load(at->words + 64 * word);
}

/* What stands once in a unit: for all its runs. */
struct line_head {
    vf d, dmin;
    vi scale[2], least[2];
};

/* ---- the formats: words of a unit, head, scales of run t, lines of run t ---- */

enum line_format { LINES_q8_0, LINES_q4_0, LINES_q4_1, LINES_q4_k };

INLINE int64_t line_words(const enum line_format format) {
    return format == LINES_q8_0 ? 8 : format == LINES_q4_0 ? 4 : format == LINES_q4_1 ? 5 : 36;
}

INLINE struct line_head line_head(const enum line_format format, const struct lines *at) {
    struct line_head head = { 0 };
    if (format == LINES_q8_0 || format == LINES_q4_0) {
        head.d = v_halves(at->rests);
        return head;
    }
    vi word = line_word(at, 0);
    head.d = v_half(word), head.dmin = v_half(v_shift(word, 16));
    if (format == LINES_q4_k)
        k_scales(line_word(at, 1), line_word(at, 2), line_word(at, 3), head.scale, head.least);
    return head;
}

INLINE void line_scales(const enum line_format format, const struct line_head *head, int64_t t,
                        struct run *run) {
    run->scale = head->d, run->least = head->dmin;
    if (format != LINES_q4_k) return;
    int byte = (int)(8 * (t % 4));
    vi scale = t < 4 ? head->scale[0] : head->scale[1], least = t < 4 ? head->least[0] : head->least[1];
    run->scale = v_mul(head->d, v_float(v_and(v_shift(scale, byte), v_int(255))));
    run->least = v_mul(head->dmin, v_float(v_and(v_shift(least, byte), v_int(255))));
}

INLINE vi line_of(const enum line_format format, const struct lines *at, int64_t t, const int i) {
    if (format == LINES_q8_0) return biased(line_word(at, i));
    if (format == LINES_q4_k) {
        vi q = line_word(at, 4 + 8 * (t / 2) + i);
        return t % 2 ? nibbles_high(q) : nibbles_low(q);
    }
    vi q = line_word(at, (format == LINES_q4_1) + i % 4);
    return i < 4 ? nibbles_low(q) : nibbles_high(q);
}

/* ---- a panel by some rows ---- */

enum { LINE_PARTS = PANEL / LANES };

struct line_sums {
    vf acc[LINE_PARTS][LINE_ROWS], acm[LINE_PARTS][LINE_ROWS];
};

/* One link of the chains of LANES outputs: run b of the activations, run t of the unit. */
INLINE void lines_add(const enum line_format format, const struct run_kind kind, const struct lines *at,
                      const struct line_head *head, int64_t t, const struct tile_rows *x, int64_t b,
                      vf acc[LINE_ROWS], vf acm[LINE_ROWS], const int rows) {
    vi dots[LINE_ROWS];
    struct run run;
    for (int m = 0; m < rows; m++) dots[m] = dot_begin(kind.bytes, kind.zero * tile_row(x, m).sum[b]);
#pragma GCC unroll 8
    for (int i = 0; i < 8; i++) {
        vi line = line_of(format, at, t, i);
        for (int m = 0; m < rows; m++)
            dots[m] =
                dot_add(dots[m], line, v_int(four_bytes(tile_row(x, m).q + 32 * b + 4 * i)), kind.bytes);
    }
    line_scales(format, head, t, &run);
    for (int m = 0; m < rows; m++) {
        float xs = tile_row(x, m).scale[b];
        vi dot = dot_end(dots[m], kind.bytes, kind.zero * tile_row(x, m).sum[b]);
        acc[m] = v_fma(v_mul(run.scale, v_all(xs)), v_float(dot), acc[m]);
        if (kind.has_least) acm[m] = v_fma(run.least, v_all(xs * (float)tile_row(x, m).sum[b]), acm[m]);
    }
}

/* PANEL outputs by `rows` rows of activations; `units` of the weights from `panel` on. */
INLINE void lines_times(const enum line_format format, const struct run_kind kind, const unsigned char *panel,
                        int64_t units, const int runs, const struct tile_rows *x, float *out,
                        const int rows) {
    const int64_t words = line_words(format), rest = kind.has_least ? 0 : 2,
                  bytes = PANEL * (4 * words + rest);
    struct line_sums sums;
    for (int part = 0; part < LINE_PARTS; part++)
        for (int m = 0; m < rows; m++) sums.acc[part][m] = sums.acm[part][m] = v_zero();
    for (int64_t u = 0; u < units; u++) {
        const unsigned char *record = panel + u * bytes;
#pragma GCC unroll 4
        for (int part = 0; part < LINE_PARTS; part++) {
            const int column = part * LANES;
            struct lines at = { record + column / 16 * 64 * words + column % 16 * 4,
                                record + PANEL * 4 * words + column * rest };
            if (LINES_AHEAD && column % 16 == 0)
                for (int64_t i = 0; i < 64 * words; i += 64)
                    _mm_prefetch((const char *)at.words + LINES_AHEAD + i, _MM_HINT_T0);
            struct line_head head = line_head(format, &at);
            for (int t = 0; t < runs; t++)
                lines_add(format, kind, &at, &head, t, x, u * runs + t, sums.acc[part], sums.acm[part], rows);
        }
    }
    for (int part = 0; part < LINE_PARTS; part++)
        for (int m = 0; m < rows; m++)
            v_put(out + m * PANEL + part * LANES, joined(sums.acc[part][m], sums.acm[part][m], kind));
}
