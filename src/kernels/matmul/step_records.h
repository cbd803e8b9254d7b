/*
 * Many rows of activations: PANEL outputs by RECORDS_K of k are decoded once, into the nearest cache, in the
 * order in which a dot instruction wants them, and read by all rows:
 *
 *     q[k / 4]   output 0: 4 k | output 1: 4 k | ... | output 31: 4 k        bytes
 *
 * A tile is some rows by TILE_VECTORS registers of outputs. Four k of a row of activations are spread to all
 * lanes, so that each lane sums an output of its own and nothing is added crosswise; sums of 32 k in
 * integers, then one link of each chain, as in step_ref.c. The second chains (acm) follow in a sweep of their
 * own, which keeps their sums out of the registers that the first need.
 *
 * Sums wait in `out` (and acm) between blocks of k, which changes no bit.
 */
enum {
    RECORDS_K = 256,
    RECORDS_RUNS = RECORDS_K / 32,
    RECORDS_ROWS = 128, /* of activations; more decode anew */
};

struct records {
    _Alignas(64) unsigned char q[RECORDS_K / 4][PANEL][4];
    float scale[RECORDS_RUNS][PANEL], least[RECORDS_RUNS][PANEL];
};

/* Outputs [column, column + LANES) of run b. */
INLINE void records_put(struct records *records, int64_t column, const struct run_kind kind,
                        const struct run *w, int64_t b) {
    struct run turned = *w;
    transpose_rows(turned.low);
    transpose_rows(turned.high);
    for (int i = 0; i < 4; i++) {
        v_keep(records->q[8 * b + i][column], kind.bytes ? biased(turned.low[i]) : turned.low[i]);
        v_keep(records->q[8 * b + 4 + i][column], kind.bytes ? biased(turned.high[i]) : turned.high[i]);
    }
    v_put(&records->scale[b][column], w->scale);
    if (kind.has_least) v_put(&records->least[b][column], w->least);
}

/* The rows of a tile at the records' first k, rows [0, n). */
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

/* acc of `rows` rows and of TILE_VECTORS registers of outputs from `column` on. */
INLINE void tile_acc(const struct records *w, int64_t runs, const struct run_kind kind, int64_t column,
                     const struct tile_rows *x, float *acc, const int rows) {
    vf sums[TILE_ROWS][TILE_VECTORS];
    for (int m = 0; m < rows; m++)
        for (int v = 0; v < TILE_VECTORS; v++) sums[m][v] = v_get(acc + m * PANEL + column + v * LANES);
    for (int64_t b = 0; b < runs; b++) {
        vi dots[TILE_ROWS][TILE_VECTORS];
        for (int m = 0; m < rows; m++)
            for (int v = 0; v < TILE_VECTORS; v++) dots[m][v] = v_int(-kind.zero * tile_row(x, m).sum[b]);
#pragma GCC unroll 8
        for (int i = 0; i < 8; i++)
            for (int m = 0; m < rows; m++) {
                vi four = v_int(four_bytes(tile_row(x, m).q + 32 * b + 4 * i));
                for (int v = 0; v < TILE_VECTORS; v++)
                    dots[m][v] =
                        dot_word(dots[m][v], v_load(w->q[8 * b + i][column + v * LANES]), four, kind.bytes);
            }
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

INLINE void tile_acm(const struct records *w, int64_t runs, int64_t column, const struct tile_rows *x,
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

/* acc and acm go on by what `runs` runs of the records give. */
INLINE void tile_of(const struct records *w, int64_t runs, const struct run_kind kind,
                    const struct tile_rows *x, float *acc, float *acm, const int rows) {
    for (int64_t column = 0; column < PANEL; column += TILE_VECTORS * LANES) {
        tile_acc(w, runs, kind, column, x, acc, rows);
        if (kind.has_least) tile_acm(w, runs, column, x, acm, rows);
    }
}

INLINE void records_times(const struct records *w, int64_t runs, const struct run_kind kind,
                          struct tile_rows x, int64_t rows, float *acc, float *acm) {
    int64_t taken;
    for (int64_t m = 0; m < rows; m += taken) {
        struct tile_rows here = { tile_row(&x, m), x.stride };
        float *own = acc + m * PANEL, *least = acm + m * PANEL;
        if (rows - m >= TILE_ROWS)
            taken = TILE_ROWS, tile_of(w, runs, kind, &here, own, least, TILE_ROWS);
        else if (rows - m >= 4)
            taken = 4, tile_of(w, runs, kind, &here, own, least, 4);
        else if (rows - m >= 2)
            taken = 2, tile_of(w, runs, kind, &here, own, least, 2);
        else
            taken = 1, tile_of(w, runs, kind, &here, own, least, 1);
    }
}

/* At the end of the chains: acc becomes the output. */
INLINE void records_join(const struct run_kind kind, int64_t rows, float *acc, const float *acm) {
    for (int64_t i = 0; kind.has_least && i < rows * PANEL; i += LANES)
        v_put(acc + i, joined(v_get(acc + i), v_get(acm + i), kind));
}
