/*
 * Many rows of activations by the tile unit, where a level has one: 16 rows by 16 outputs of a run at a time,
 * from decoded weights (step_decoded.h) whose bytes have a sign and stand for themselves. 8 of their rows are
 * a tile of weights as they lie, and 32 k of 16 rows of activations are the other:
 *
 *     0: dots, 16 x 16     1: activations, 16 rows x 32 k     2: weights, 8 fours of k x 16 outputs
 *
 * Dots of a run go to memory, for the links of the chains are the vectors' affair: 16 of them in registers,
 * two runs behind the unit, so that neither waits for the other. What remains of the rows stays with vectors,
 * which are faster there.
 *
 * The including file includes tile.h and defines TILED_FROM, rows from which on weights are decoded for the
 * unit; or neither.
 */
#ifdef TILED_FROM

enum { UNIT_ROWS = 16, UNIT_OUTPUTS = 16, UNIT_BEHIND = 2, UNIT_KEPT = 4 };

/* false: not for so few */
INLINE bool unit_begin(struct tile_unit *unit, int64_t rows) {
    struct tile_layout layout = { 0 };
    if (rows < TILED_FROM) return false;
    tile_shape(&layout, 0, UNIT_ROWS, 64);
    tile_shape(&layout, 1, UNIT_ROWS, 32);
    tile_shape(&layout, 2, 8, 64);
    tile_configure(unit, &layout);
    return true;
}

INLINE void unit_end(struct tile_unit *unit) {
    tile_release(unit);
}

/* Run b of 16 rows and of the outputs from `column` on. */
INLINE void unit_dots(const struct decoded *w, int64_t column, const struct tile_rows *x, int64_t b,
                      int32_t *dots) {
    tile_zero(w->unit, 0);
    tile_load(w->unit, 1, x->first.q + 32 * b, x->stride);
    tile_load(w->unit, 2, w->q[8 * b][column], sizeof w->q[0]);
    tile_dot_int8(w->unit, 0, 1, 2);
    tile_store(w->unit, 0, dots, UNIT_OUTPUTS * sizeof *dots);
}

/* One link of each of their chains. */
INLINE void unit_link(const struct decoded *w, int64_t column, const struct tile_rows *x, int64_t b,
                      const int32_t *dots, vf sums[UNIT_ROWS][UNIT_OUTPUTS / LANES]) {
#pragma GCC unroll 16
    for (int m = 0; m < UNIT_ROWS; m++) {
        vf xs = v_all(tile_row(x, m).scale[b]);
#pragma GCC unroll 2
        for (int v = 0; v < UNIT_OUTPUTS / LANES; v++) {
            vf dot = v_float(v_load(dots + m * UNIT_OUTPUTS + v * LANES));
            sums[m][v] = v_fma(v_mul(v_get(&w->scale[b][column + v * LANES]), xs), dot, sums[m][v]);
        }
    }
}

/* acc of 16 rows goes on by what `runs` runs of the weights give. */
INLINE void unit_acc(const struct decoded *w, int64_t runs, const struct tile_rows *x, float *acc) {
    _Alignas(64) int32_t dots[UNIT_KEPT][UNIT_ROWS * UNIT_OUTPUTS];
    for (int64_t column = 0; column < PANEL; column += UNIT_OUTPUTS) {
        vf sums[UNIT_ROWS][UNIT_OUTPUTS / LANES];
        for (int m = 0; m < UNIT_ROWS; m++)
            for (int v = 0; v < UNIT_OUTPUTS / LANES; v++)
                sums[m][v] = v_get(acc + m * PANEL + column + v * LANES);
        for (int64_t b = 0; b < runs + UNIT_BEHIND; b++) {
            int64_t done = b - UNIT_BEHIND;
            if (b < runs) unit_dots(w, column, x, b, dots[b % UNIT_KEPT]);
            if (done >= 0) unit_link(w, column, x, done, dots[done % UNIT_KEPT], sums);
        }
        for (int m = 0; m < UNIT_ROWS; m++)
            for (int v = 0; v < UNIT_OUTPUTS / LANES; v++)
                v_put(acc + m * PANEL + column + v * LANES, sums[m][v]);
    }
}

/* And acm, which is the vectors'. */
INLINE void unit_acm(const struct decoded *w, int64_t runs, const struct tile_rows *x, float *acm) {
    for (int64_t column = 0; column < PANEL; column += TILE_VECTORS * LANES)
        for (int64_t m = 0; m < UNIT_ROWS; m += TILE_ROWS) {
            struct tile_rows here = { tile_row(x, m), x->stride };
            tile_acm(w, runs, column, &here, acm + m * PANEL, TILE_ROWS);
        }
}

INLINE void many_times(const struct decoded *w, int64_t runs, const struct run_kind kind, struct tile_rows x,
                       int64_t rows, float *acc, float *acm) {
    int64_t m = 0;
    for (; w->unit && rows - m >= UNIT_ROWS; m += UNIT_ROWS) {
        struct tile_rows here = { tile_row(&x, m), x.stride };
        unit_acc(w, runs, &here, acc + m * PANEL);
        if (kind.has_least) unit_acm(w, runs, &here, acm + m * PANEL);
    }
    struct tile_rows rest = { tile_row(&x, m), x.stride };
    if (w->unit)
        decoded_times(w, runs, kind, true, rest, rows - m, acc + m * PANEL, acm + m * PANEL);
    else
        decoded_times(w, runs, kind, false, rest, rows, acc, acm);
}

#else

INLINE bool unit_begin(struct tile_unit *unit, int64_t rows) {
    (void)unit, (void)rows;
    return false;
}

INLINE void unit_end(struct tile_unit *unit) {
    (void)unit;
}

INLINE void many_times(const struct decoded *w, int64_t runs, const struct run_kind kind, struct tile_rows x,
                       int64_t rows, float *acc, float *acm) {
    decoded_times(w, runs, kind, false, x, rows, acc, acm);
}

#endif
