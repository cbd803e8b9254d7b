/*
 * Many rows of activations: PANEL outputs by DECODED_K of k are decoded once, into the nearest cache, in the
 * order in which a dot instruction wants them, and read by all rows:
 *
 *     q[k / 4]   output 0: 4 k | output 1: 4 k | ... | output 31: 4 k        bytes
 *
 * A tile is some rows by TILE_VECTORS registers of outputs. Four k of a row of activations are spread to all
 * lanes, so that each lane sums an output of its own and nothing is added crosswise; sums of 32 k in
 * integers, then one link of each chain, as in step_ref.c. The second chains (acm) follow in a sweep of their
 * own, which keeps their sums out of the registers that the first need. Where each 16 k have a scale, their
 * two sums are multiplied with theirs, as integers, and make one link.
 *
 * Sums wait in `out` (and acm) between blocks of k, which changes no bit.
 *
 * Where a level has a tile unit and the rows are many, it takes 16 at a time (step_by_tiles.h). It wants
 * bytes with a sign, of which 0 is 0; vectors that take the last rows bring these into their own form as they
 * load them.
 */
enum {
    DECODED_K = 256,
    DECODED_RUNS = DECODED_K / 32,
    DECODED_ROWS = 128, /* of activations; more decode anew */
};

struct decoded {
    _Alignas(64) unsigned char q[DECODED_K / 4][PANEL][4];
    float scale[DECODED_RUNS][PANEL], least[DECODED_RUNS][PANEL];
    int32_t half_scale[2 * DECODED_RUNS][PANEL];
    struct tile_unit *unit; /* configured, and the bytes are for it; NULL: they are for vectors */
};

/* Bytes as they are held. */
INLINE vi decoded_bytes(const struct decoded *decoded, const struct run_kind kind, vi bytes) {
    if (HAS_UNIT && decoded->unit)
        return kind.bytes || !kind.zero ? bytes : v_sub_bytes(bytes, v_int(kind.zero * 0x01010101));
    return kind.bytes ? biased(bytes) : bytes;
}

INLINE void decoded_scales(struct decoded *decoded, int64_t column, const struct run_kind kind,
                           const struct run *w, int64_t b) {
    v_put(&decoded->scale[b][column], w->scale);
    if (kind.has_least) v_put(&decoded->least[b][column], w->least);
    if (kind.halves) v_keep(&decoded->half_scale[2 * b][column], w->low_scale);
    if (kind.halves) v_keep(&decoded->half_scale[2 * b + 1][column], w->high_scale);
}

/* Outputs [column, column + LANES) of run b. */
INLINE void decoded_put(struct decoded *decoded, int64_t column, const struct run_kind kind,
                        const struct run *w, int64_t b) {
    struct run turned = *w;
    transpose_rows(turned.low);
    transpose_rows(turned.high);
    for (int i = 0; i < 4; i++) {
        v_keep(decoded->q[8 * b + i][column], decoded_bytes(decoded, kind, turned.low[i]));
        v_keep(decoded->q[8 * b + 4 + i][column], decoded_bytes(decoded, kind, turned.high[i]));
    }
    decoded_scales(decoded, column, kind, w, b);
}

/* The rows of a tile at the first k, rows [0, n). */
struct tile_rows {
    struct quantised_row first;
    int64_t stride; /* bytes from row to row, of all its three parts */
};

INLINE struct quantised_row tile_row(const struct tile_rows *x, int64_t m) {
    return (struct quantised_row){
        .q = x->first.q + m * x->stride,
        .scale = (const float *)(const void *)((const char *)x->first.scale + m * x->stride),
        .sum = (const int32_t *)(const void *)((const char *)x->first.sum + m * x->stride),
    };
}

INLINE int32_t four_bytes(const int8_t *q) {
    int32_t word;
    memcpy(&word, q, sizeof word);
    return word;
}

/* The sums of each 16 activations of the rows of a tile, where a kind needs them. */
struct half_sums {
    int32_t of[TILE_ROWS][2 * DECODED_RUNS];
};

INLINE void half_sums(const struct tile_rows *x, int64_t runs, const int rows, struct half_sums *sums) {
    for (int m = 0; m < rows; m++)
        for (int64_t i = 0; i < 2 * runs; i += LANES) {
            vi c[4]; /* sixteens lie as rows of weights would */
            load_four((const unsigned char *)tile_row(x, m).q + 16 * i, 16, c);
            for (int e = 0; e < 4; e++) c[e] = dot_word(v_int(0), v_int(0x01010101), c[e], false);
            v_keep(&sums->of[m][i], sum_rows(c));
        }
}

typedef vi tile_dots[TILE_ROWS][TILE_VECTORS];

/* Four times `count` k, from k = 4 i0 on, added to dots. */
INLINE void tile_words(const struct decoded *w, int64_t i0, const int count, const struct run_kind kind,
                       const bool for_unit, int64_t column, const struct tile_rows *x, tile_dots dots,
                       const int rows) {
#pragma GCC unroll 8
    for (int i = 0; i < count; i++)
        for (int m = 0; m < rows; m++) {
            vi four = v_int(four_bytes(tile_row(x, m).q + 4 * (i0 + i)));
            for (int v = 0; v < TILE_VECTORS; v++) {
                vi bytes = v_load(w->q[i0 + i][column + v * LANES]);
                dots[m][v] = dot_word(dots[m][v], for_unit ? biased(bytes) : bytes, four, kind.bytes);
            }
        }
}

INLINE void tile_begin(tile_dots dots, int m, int32_t first) {
    for (int v = 0; v < TILE_VECTORS; v++) dots[m][v] = v_int(first);
}

/* The dots of run b. */
INLINE void tile_run(const struct decoded *w, int64_t b, const struct run_kind kind, const bool for_unit,
                     int64_t column, const struct tile_rows *x, const struct half_sums *sums, tile_dots dots,
                     const int rows) {
    if (!kind.halves) {
        for (int m = 0; m < rows; m++) tile_begin(dots, m, -kind.zero * tile_row(x, m).sum[b]);
        tile_words(w, 8 * b, 8, kind, for_unit, column, x, dots, rows);
        return;
    }
    tile_dots last;
    for (int m = 0; m < rows; m++) tile_begin(dots, m, -kind.zero * sums->of[m][2 * b]);
    tile_words(w, 8 * b, 4, kind, false, column, x, dots, rows);
    for (int m = 0; m < rows; m++) tile_begin(last, m, -kind.zero * sums->of[m][2 * b + 1]);
    tile_words(w, 8 * b + 4, 4, kind, false, column, x, last, rows);
    for (int v = 0; v < TILE_VECTORS; v++) {
        vi low_scale = v_load(&w->half_scale[2 * b][column + v * LANES]),
           high_scale = v_load(&w->half_scale[2 * b + 1][column + v * LANES]);
        for (int m = 0; m < rows; m++)
            dots[m][v] = v_add(v_times(low_scale, dots[m][v]), v_times(high_scale, last[m][v]));
    }
}

/* acc of `rows` rows and of TILE_VECTORS registers of outputs from `column` on. for_unit: the bytes are. */
INLINE void tile_acc(const struct decoded *w, int64_t runs, struct run_kind kind, const bool for_unit,
                     int64_t column, const struct tile_rows *x, const struct half_sums *halves, float *acc,
                     const int rows) {
    if (for_unit) kind.bytes = true, kind.zero = BYTES_BIAS;
    vf sums[TILE_ROWS][TILE_VECTORS];
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < TILE_VECTORS; v++) sums[m][v] = v_get(acc + m * PANEL + column + v * LANES);
    for (int64_t b = 0; b < runs; b++) {
        tile_dots dots;
        tile_run(w, b, kind, for_unit, column, x, halves, dots, rows);
        for (int m = 0; m < rows; m++) {
            vf xs = v_all(tile_row(x, m).scale[b]);
            for (int v = 0; v < TILE_VECTORS; v++)
                sums[m][v] = v_fma(v_mul(v_get(&w->scale[b][column + v * LANES]), xs), v_float(dots[m][v]),
                                   sums[m][v]);
        }
    }
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < TILE_VECTORS; v++) v_put(acc + m * PANEL + column + v * LANES, sums[m][v]);
}

INLINE void tile_acm(const struct decoded *w, int64_t runs, int64_t column, const struct tile_rows *x,
                     float *acm, const int rows) {
    vf sums[TILE_ROWS][TILE_VECTORS];
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < TILE_VECTORS; v++) sums[m][v] = v_get(acm + m * PANEL + column + v * LANES);
    for (int64_t b = 0; b < runs; b++)
        for (int m = 0; m < rows; m++) {
            struct quantised_row row = tile_row(x, m);
            vf sum = v_all(row.scale[b] * (float)row.sum[b]);
            for (int v = 0; v < TILE_VECTORS; v++)
                sums[m][v] = v_fma(v_get(&w->least[b][column + v * LANES]), sum, sums[m][v]);
        }
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < TILE_VECTORS; v++) v_put(acm + m * PANEL + column + v * LANES, sums[m][v]);
}

/* acc and acm go on by what `runs` runs of the weights give. */
INLINE void tile_of(const struct decoded *w, int64_t runs, const struct run_kind kind, const bool for_unit,
                    const struct tile_rows *x, float *acc, float *acm, const int rows) {
    struct half_sums halves;
    if (kind.halves) half_sums(x, runs, rows, &halves);
    for (int64_t column = 0; column < PANEL; column += TILE_VECTORS * LANES) {
        tile_acc(w, runs, kind, for_unit, column, x, &halves, acc, rows);
        if (kind.has_least) tile_acm(w, runs, column, x, acm, rows);
    }
}

INLINE void decoded_times(const struct decoded *w, int64_t runs, const struct run_kind kind,
                          const bool for_unit, struct tile_rows x, int64_t rows, float *acc, float *acm) {
    int64_t taken;
    for (int64_t m = 0; m < rows; m += taken) {
        struct tile_rows here = { tile_row(&x, m), x.stride };
        float *own = acc + m * PANEL, *least = acm + m * PANEL;
        if (rows - m >= TILE_ROWS && !kind.halves)
            taken = TILE_ROWS, tile_of(w, runs, kind, for_unit, &here, own, least, TILE_ROWS);
        else if (rows - m >= 4)
            taken = 4, tile_of(w, runs, kind, for_unit, &here, own, least, 4);
        else if (rows - m >= 2)
            taken = 2, tile_of(w, runs, kind, for_unit, &here, own, least, 2);
        else
            taken = 1, tile_of(w, runs, kind, for_unit, &here, own, least, 1);
    }
}

/* At the end of the chains: acc becomes the output. */
INLINE void decoded_join(const struct run_kind kind, int64_t rows, float *acc, const float *acm) {
    for (int64_t i = 0; kind.has_least && i < rows * PANEL; i += LANES)
        v_put(acc + i, joined(v_get(acc + i), v_get(acm + i), kind));
}
