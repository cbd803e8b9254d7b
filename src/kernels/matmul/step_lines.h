/*
 * Weights in records (tensor/records.h): a line holds four k of LANES outputs, so each lane sums an output of
 * its own, whatever the number of rows, and nothing is transposed or added crosswise. Record by record, half
 * by half, line by line in the order of addresses: one row of activations is bound by memory, and that is
 * what memory likes. Dots of 32 k stand in registers for up to LINE_ROWS rows of activations; for more rows a
 * panel is walked again, from the caches.
 *
 * A unit of a row (one block, `runs` times 32 k) is words; where they are what is told in its line_form.
 */

/* Words of a unit, as the file has them in tensor/blocks/. */
struct line_form {
    int words; /* in all */
    int lows;  /* the first with the lower bits, or with whole bytes */
    int highs; /* the first with the bits above; -1: there are none */
    bool rest; /* a scale beside the words; else both are in word 0 */
    int runs;  /* 1 or 8 */
};

static const struct line_form form_q8_0 = { 8, 0, -1, true, 1 }, form_q4_0 = { 4, 0, -1, true, 1 },
                              form_q4_1 = { 5, 1, -1, false, 1 }, form_q5_0 = { 5, 1, 0, true, 1 },
                              form_q5_1 = { 6, 2, 1, false, 1 }, form_q4_k = { 36, 4, -1, false, 8 },
                              form_q5_k = { 44, 12, 4, false, 8 }, form_q6_k = { 52, 0, 32, true, 8 };

/* LANES outputs of a record. */
struct lines {
    const unsigned char *words; /* word i of these outputs: 64 bytes behind word i - 1 */
    const unsigned char *rests;
};

INLINE vi line_word(const struct lines *at, int64_t word) {
    return v_load(at->words + 64 * word);
}

INLINE vi line_nibbles(vi q, int64_t upper) {
    return v_and(v_shift(q, (int)(4 * upper)), v_int(0x0f0f0f0f));
}

/* Bits from `bit` of each byte on, moved to above its nibble. */
INLINE vi line_above(vi bytes, int64_t bit, int mask) {
    return v_and(v_left(v_shift(bytes, (int)bit), 4), v_int(mask * 0x01010101));
}

/* Bits 4 i to 4 i + 3 of each word, one to a byte, above its nibble: no two of the four copies overlap. */
INLINE vi line_fifths(vi word, int i) {
    return v_and(v_times(v_and(v_shift(word, 4 * i), v_int(15)), v_int(0x02040810)), v_int(0x10101010));
}

/* A run of a unit: number 4 * quad + j. Constants are j, and with it most shifts. */
struct line_run {
    int64_t quad;
    int j;
};

/* The four k of `i` (of eight) in a run. */
INLINE vi line_of(const struct line_form form, const struct run_kind kind, const struct lines *at,
                  const struct line_run t, const int i) {
    if (kind.bytes) return line_word(at, form.lows + i);
    if (kind.halves) {
        vi low = line_nibbles(line_word(at, form.lows + 16 * t.quad + 8 * (t.j % 2) + i), t.j / 2);
        return v_or(low, line_above(line_word(at, form.highs + 8 * t.quad + i), 2 * t.j, 48));
    }
    if (form.runs > 1) {
        vi low = line_nibbles(line_word(at, form.lows + 16 * t.quad + 8 * (t.j / 2) + i), t.j % 2);
        if (form.highs < 0) return low;
        return v_or(low, line_above(line_word(at, form.highs + i), 4 * t.quad + t.j, 16));
    }
    vi low = line_nibbles(line_word(at, form.lows + i % 4), i / 4);
    return form.highs < 0 ? low : v_or(low, line_fifths(line_word(at, form.highs), i));
}

/* ---- scales ---- */

/* What stands once in a unit: for all its runs. */
struct line_head {
    struct k_head k;
    vi sixteens[4]; /* bytes: of each 16 k one */
};

INLINE struct line_head line_head(const struct line_form form, const struct run_kind kind,
                                  const struct lines *at) {
    struct line_head head = { 0 };
    if (form.runs > 1 && kind.has_least) {
        head.k = k_head_of(line_word(at, 0), line_word(at, 1), line_word(at, 2), line_word(at, 3));
        return head;
    }
    head.k.d = form.rest ? v_halves(at->rests) : v_half(line_word(at, 0));
    if (kind.has_least) head.k.dmin = v_half(v_shift(line_word(at, 0), 16));
    for (int i = 0; kind.halves && i < 4; i++) head.sixteens[i] = line_word(at, form.words - 4 + i);
    return head;
}

INLINE struct run line_scales(const struct line_form form, const struct run_kind kind,
                              const struct line_head *head, const struct line_run t) {
    struct run run = { .scale = head->k.d, .least = head->k.dmin };
    if (kind.halves) {
        vi word = t.quad ? head->sixteens[2 + t.j / 2] : head->sixteens[t.j / 2];
        run.low_scale = v_byte(word, 2 * (t.j % 2)), run.high_scale = v_byte(word, 2 * (t.j % 2) + 1);
    } else if (form.runs > 1) {
        vi scale = t.quad ? head->k.scale[1] : head->k.scale[0],
           least = t.quad ? head->k.least[1] : head->k.least[0];
        run.scale = v_mul(head->k.d, v_float(v_and(v_shift(scale, 8 * t.j), v_int(255))));
        run.least = v_mul(head->k.dmin, v_float(v_and(v_shift(least, 8 * t.j), v_int(255))));
    }
    return run;
}

/* `runs` runs of a panel, as step_decoded.h has them in the nearest cache: what the tile unit reads. */
INLINE void lines_fill(const struct line_form form, const struct run_kind kind, const unsigned char *panel,
                       int64_t runs, struct decoded *decoded) {
    const int rest = form.rest ? 2 : 0, words = PANEL * 4 * form.words, bytes = words + PANEL * rest;
    for (int64_t b = 0; b < runs; b += form.runs)
        for (int column = 0; column < PANEL; column += LANES) {
            const unsigned char *record = panel + b / form.runs * bytes;
            struct lines at = { record + column / 16 * 64 * form.words + column % 16 * 4,
                                record + words + column * rest };
            struct line_head head = line_head(form, kind, &at);
            for (int n = 0; n < form.runs; n++) {
                const struct line_run t = { n / 4, n % 4 };
                struct run run = line_scales(form, kind, &head, t);
                for (int i = 0; i < 8; i++)
                    v_keep(decoded->q[8 * (b + n) + i][column],
                           decoded_bytes(decoded, kind, line_of(form, kind, &at, t, i)));
                decoded_scales(decoded, column, kind, &run, b + n);
            }
        }
}

/* ---- a panel by some rows ---- */

/* Eight lines, or four of them, times the rows. */
INLINE void lines_dots(const struct line_form form, const struct run_kind kind, const struct lines *at,
                       const struct line_run t, const int first, const int count, const struct tile_rows *x,
                       int64_t b, vi dots[LINE_ROWS], const int rows) {
#pragma GCC unroll 8
    for (int i = first; i < first + count; i++) {
        vi line = line_of(form, kind, at, t, i);
        if (kind.bytes) line = biased(line);
        for (int m = 0; m < rows; m++)
            dots[m] = dot_add(dots[m], line, v_int(four_bytes(tile_row(x, m).q + 32 * b + 4 * i)), kind.bytes,
                              kind.nibbles);
    }
}

/* The integers of a run, whose activations are run b. */
INLINE void lines_run(const struct line_form form, const struct run_kind kind, const struct lines *at,
                      const struct run *run, const struct line_run t, const struct tile_rows *x, int64_t b,
                      const struct half_sums *halves, vi dots[LINE_ROWS], const int rows) {
    if (kind.halves) {
        vi last[LINE_ROWS];
        int64_t n = 4 * t.quad + t.j;
        for (int m = 0; m < rows; m++) {
            dots[m] = v_int(-kind.zero * halves->of[m][2 * n]);
            last[m] = v_int(-kind.zero * halves->of[m][2 * n + 1]);
        }
        lines_dots(form, kind, at, t, 0, 4, x, b, dots, rows);
        lines_dots(form, kind, at, t, 4, 4, x, b, last, rows);
        for (int m = 0; m < rows; m++)
            dots[m] = v_add(v_times(run->low_scale, dots[m]), v_times(run->high_scale, last[m]));
        return;
    }
    for (int m = 0; m < rows; m++) dots[m] = dot_begin(kind.nibbles, kind.zero * tile_row(x, m).sum[b]);
    lines_dots(form, kind, at, t, 0, 8, x, b, dots, rows);
    for (int m = 0; m < rows; m++)
        dots[m] = dot_end(dots[m], kind.nibbles, kind.zero * tile_row(x, m).sum[b]);
}

/* One link of the chains of LANES outputs: a run of the unit, run b of the activations. */
INLINE void lines_add(const struct line_form form, const struct run_kind kind, const struct lines *at,
                      const struct line_head *head, const struct line_run t, const struct tile_rows *x,
                      int64_t b, const struct half_sums *halves, vf acc[LINE_ROWS], vf acm[LINE_ROWS],
                      const int rows) {
    vi dots[LINE_ROWS];
    struct run run = line_scales(form, kind, head, t);
    lines_run(form, kind, at, &run, t, x, b, halves, dots, rows);
    for (int m = 0; m < rows; m++) {
        struct quantised_row row = tile_row(x, m);
        acc[m] = v_fma(v_mul(run.scale, v_all(row.scale[b])), v_float(dots[m]), acc[m]);
        if (kind.has_least) acm[m] = v_fma(run.least, v_all(row.scale[b] * (float)row.sum[b]), acm[m]);
    }
}

/* A unit of LANES outputs, from `column` of a panel on. */
INLINE void lines_unit(const struct line_form form, const struct run_kind kind, const unsigned char *record,
                       int64_t column, const struct tile_rows *x, int64_t u, const struct half_sums *halves,
                       vf acc[LINE_ROWS], vf acm[LINE_ROWS], const int rows) {
    const int rest = form.rest ? 2 : 0, words = PANEL * 4 * form.words;
    struct lines at = { record + column / 16 * 64 * form.words + column % 16 * 4,
                        record + words + column * rest };
    struct line_head head = line_head(form, kind, &at);
    if (form.runs == 1) {
        lines_add(form, kind, &at, &head, (struct line_run){ 0, 0 }, x, u, halves, acc, acm, rows);
        return;
    }
#pragma GCC unroll 1
    for (int64_t quad = 0; quad < 2; quad++)
#pragma GCC unroll 4
        for (int j = 0; j < 4; j++) {
            lines_add(form, kind, &at, &head, (struct line_run){ quad, j }, x, 8 * u + 4 * quad + j, halves,
                      acc, acm, rows);
            __asm__ volatile("" ::: "memory"); /* loads of the next run stay behind: registers are few */
        }
}

enum { LINE_PARTS = PANEL / LANES };

/* PANEL outputs by `rows` rows of activations; `units` of the weights from `panel` on. */
INLINE void lines_times(const struct line_form form, const struct run_kind kind, const unsigned char *panel,
                        int64_t units, const struct tile_rows *x, float *out, const int rows) {
    const int rest = form.rest ? 2 : 0, words = PANEL * 4 * form.words, bytes = words + PANEL * rest;
    vf acc[LINE_PARTS][LINE_ROWS], acm[LINE_PARTS][LINE_ROWS];
    for (int part = 0; part < LINE_PARTS; part++)
        for (int m = 0; m < rows; m++) acc[part][m] = acm[part][m] = v_zero();
    for (int64_t u = 0; u < units; u++) {
        const unsigned char *record = panel + u * bytes;
        struct half_sums halves;
        struct tile_rows here = *x;
        here.first.q += 256 * u;
        if (kind.halves) half_sums(&here, 8, rows, &halves);
        if (form.runs == 1) /* sums stay in registers */
#pragma GCC unroll 4
            for (int part = 0; part < LINE_PARTS; part++)
                lines_unit(form, kind, record, part * LANES, x, u, &halves, acc[part], acm[part], rows);
        else /* long code: once */
#pragma GCC unroll 1
            for (int part = 0; part < LINE_PARTS; part++)
                lines_unit(form, kind, record, part * LANES, x, u, &halves, acc[part], acm[part], rows);
    }
    for (int part = 0; part < LINE_PARTS; part++)
        for (int m = 0; m < rows; m++)
            v_put(out + m * PANEL + part * LANES, joined(acc[part][m], acm[part][m], kind));
}
