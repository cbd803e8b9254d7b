/*
 * Products with block formats in integers, as step_ref.c defines them, LANES outputs at a time. Formats are
 * decoded in one place (step_runs.h), for two ways:
 *
 *     up to MANY_ROWS - 1 rows   run by run while they are decoded           step_chains.h
 *     more                       decoded once for all rows                   step_decoded.h
 *     weights in records         line by line, where that pays               step_lines.h
 *     TILED_FROM and more        the same, 16 rows at once in the tile unit  step_by_tiles.h
 *
 * The bits are the same. The including file defines
 *     LANES, LEVEL(name), vi and vf, BYTES_BIAS    registers of integers and of f32; what is added to bytes
 *     TILE_ROWS, TILE_VECTORS, MANY_ROWS           what pays on its machines
 *     LINE_ROWS, LINES_K_MOST                      the same, for records; of k-quants more rows are decoded
 *     load_rows, spread, sum_rows, transpose_rows, offsets_of, first_words
 *     nibbles_low, nibbles_high, with_fifths       integers out of bits
 *     dot_nibbles, dot_bytes                       of two registers each, for step_chains.h
 *     biased, dot_word                             bytes as they are held; four products a lane, added
 *     dot_begin, dot_add, dot_end                  the same for 32, in whatever width they wait
 *     v_*                                          plain arithmetic
 *
 * and, where it has a tile unit, includes tile.h and defines TILED_FROM.
 */
#include <string.h>

#include "kernels/matmul/step_runs.h"
#include "tensor/records.h"

#ifdef TILED_FROM
enum { HAS_UNIT = 1, UNIT_FROM = TILED_FROM };
#else
enum { HAS_UNIT = 0, UNIT_FROM = INT32_MAX };
struct tile_unit {
    char nothing;
};
#endif

INLINE vf joined(vf acc, vf acm, const struct run_kind kind) {
    return !kind.has_least ? acc : kind.taken ? v_minus(acc, acm) : v_plus(acc, acm);
}

#include "kernels/matmul/step_chains.h"
#include "kernels/matmul/step_decoded.h"

#include "kernels/matmul/step_lines.h"
/* which is for decoded weights */
#include "kernels/matmul/step_by_tiles.h"

/* Where runs go. */
struct sink {
    struct chains *chains; /* of `rows` rows; else */
    int rows;
    struct decoded *decoded; /* their outputs from `column` on */
    int64_t column;
};

INLINE void sink_take(struct sink *sink, const struct run_kind kind, const struct run *w, int64_t b) {
    if (sink->chains)
        chains_add(sink->chains, kind, w, b, sink->rows);
    else
        decoded_put(sink->decoded, sink->column, kind, w, b);
}

/* A format's loops, each compiled for it alone. */
struct step_format {
    int64_t elements, bytes; /* of a block */
    struct run_kind kind;
    /* LANES outputs by 1 to STEP_ROWS rows */
    void (*few)(struct step_group g, const struct quantised_row *x, int64_t runs, int64_t rows, float *out);
    /* PANEL outputs; what it fetched of g->fetch lies behind it then */
    void (*fill)(struct step_group *g, int64_t runs, struct decoded *decoded);
    void (*times)(const struct decoded *w, int64_t runs, struct tile_rows x, int64_t rows, float *acc,
                  float *acm);
    /* the same, of a weight in records */
    void (*refill)(const unsigned char *panel, int64_t runs, struct decoded *decoded);
    /* PANEL outputs in records by 1 to LINE_ROWS rows */
    void (*lines)(const unsigned char *panel, int64_t units, const struct tile_rows *x, int64_t rows,
                  float *out);
};

/* ---- few rows ---- */

/* The last few outputs of a weight, one by one. */
static void last_outputs(struct step_group g, const struct quantised_row *x, int64_t runs, int64_t rows,
                         float *out, int64_t present, const struct step_format *format) {
    float lanes[STEP_ROWS * PANEL];
    int64_t stride = g.stride;
    g.stride = 0;
    g.fetch = NULL;
    for (int64_t j = 0; j < LANES; j++) {
        if (j < present) format->few(g, x, runs, rows, lanes);
        for (int64_t m = 0; m < rows; m++) out[m * PANEL + j] = j < present ? lanes[m * PANEL] : 0;
        g.at += stride;
    }
}

static void few_rows(const struct weight *w, int64_t n0, const void *x, int64_t m0, int64_t rows, float *out,
                     const struct step_format *format) {
    int64_t runs = w->cols / 32, row_bytes = w->cols / format->elements * format->bytes;
    struct quantised_row some[STEP_ROWS];
    for (int64_t m = 0; m < rows; m++) some[m] = quantised_row(x, m0 + m, w->cols);
    for (int64_t n = n0; n < n0 + PANEL; n += LANES, out += LANES) {
        struct step_group g = { .at = w->data + n * w->row_stride, .stride = w->row_stride };
        if (m0 == 0 && w->row_stride == row_bytes) g.fetch = g.at + LANES * row_bytes;
        if (n + LANES <= w->rows)
            format->few(g, some, runs, rows, out);
        else
            last_outputs(g, some, runs, rows, out, w->rows - n, format);
    }
}

/* ---- many ---- */

static void many_rows(const struct weight *w, int64_t n0, const void *x, int64_t m0, int64_t rows, float *out,
                      const struct step_format *format) {
    struct tile_unit unit;
    struct decoded decoded;
    float acm[DECODED_ROWS * PANEL];
    int64_t row_bytes = w->cols / format->elements * format->bytes;
    const unsigned char *data = w->data + n0 * w->row_stride,
                        *fetch = w->row_stride == row_bytes && m0 == 0 ? data + PANEL * row_bytes : NULL;
    memset(out, 0, (size_t)rows * PANEL * sizeof *out);
    memset(acm, 0, (size_t)rows * PANEL * sizeof *acm);
    decoded.unit = !format->kind.halves && unit_begin(&unit, rows) ? &unit : NULL;
    for (int64_t k0 = 0; k0 < w->cols; k0 += DECODED_K) {
        int64_t runs = min_i64(DECODED_K, w->cols - k0) / 32;
        struct step_group g = { data + k0 / format->elements * format->bytes, w->row_stride, fetch };
        struct quantised_row first = quantised_row(x, m0, w->cols);
        struct tile_rows here = { { first.q + k0, first.scale + k0 / 32, first.sum + k0 / 32 },
                                  quantised_bytes(w->cols) };
        if (w->records)
            format->refill(data + PANEL * (k0 / format->elements * format->bytes), runs, &decoded);
        else
            format->fill(&g, runs, &decoded);
        format->times(&decoded, runs, here, rows, out, acm);
        fetch = g.fetch;
    }
    if (decoded.unit) unit_end(&unit);
    decoded_join(format->kind, rows, out, acm);
}

/* ---- weights in records ---- */

static void lines_tile(const struct weight *w, int64_t n0, const void *x, int64_t rows, float *out,
                       const struct step_format *format) {
    int64_t units = w->cols / format->elements, taken;
    for (int64_t m = 0; m < rows; m += taken) {
        struct tile_rows here = { quantised_row(x, m, w->cols), quantised_bytes(w->cols) };
        taken = rows - m >= LINE_ROWS ? LINE_ROWS : rows - m >= 4 ? 4 : rows - m;
        format->lines(records_panel(w, n0), units, &here, taken, out + m * PANEL);
    }
}

static void step_tile(const struct weight *w, int64_t n0, const void *x, int64_t rows, float *out,
                      const struct step_format *format) {
    bool whole = n0 + PANEL <= w->rows, many = whole && rows >= MANY_ROWS;
    bool lines = format->elements == 32 || rows <= LINES_K_MOST;
    if (whole && w->records && lines && !(rows >= UNIT_FROM && !format->kind.halves)) {
        lines_tile(w, n0, x, rows, out, format);
        return;
    }
    int64_t most = many ? DECODED_ROWS : STEP_ROWS;
    for (int64_t m0 = 0; m0 < rows; m0 += most)
        (many ? many_rows : few_rows)(w, n0, x, m0, min_i64(most, rows - m0), out + m0 * PANEL, format);
}

/* Each number of few rows has a loop of its own. */
#define FEW(format, n)                                                                                       \
    {                                                                                                        \
        struct chains chains = chains_begin(x, n);                                                           \
        struct sink sink = { .chains = &chains, .rows = n };                                                 \
        runs_##format(&g, runs, &sink);                                                                      \
        chains_put(&chains, kind_##format, n, out);                                                          \
    }
#define LINES(format, n) lines_times(form_##format, kind_##format, panel, units, x, out, n)
#define STEP(format, block_elements)                                                                         \
    static void few_##format(struct step_group g, const struct quantised_row *x, int64_t runs, int64_t rows, \
                             float *out) {                                                                   \
        if (rows == 1)                                                                                       \
            FEW(format, 1)                                                                                   \
        else if (rows == 2)                                                                                  \
            FEW(format, 2)                                                                                   \
        else if (rows == 3)                                                                                  \
            FEW(format, 3)                                                                                   \
        else                                                                                                 \
            FEW(format, 4)                                                                                   \
    }                                                                                                        \
    static void fill_##format(struct step_group *g, int64_t runs, struct decoded *decoded) {                 \
        for (int64_t column = 0; column < PANEL; column += LANES) {                                          \
            struct step_group own = { g->at + column * g->stride, g->stride, g->fetch };                     \
            struct sink sink = { .decoded = decoded, .column = column };                                     \
            runs_##format(&own, runs, &sink);                                                                \
            g->fetch = own.fetch;                                                                            \
        }                                                                                                    \
    }                                                                                                        \
    static void times_##format(const struct decoded *w, int64_t runs, struct tile_rows x, int64_t rows,      \
                               float *acc, float *acm) {                                                     \
        many_times(w, runs, kind_##format, x, rows, acc, acm);                                               \
    }                                                                                                        \
    static void lines_##format(const unsigned char *panel, int64_t units, const struct tile_rows *x,         \
                               int64_t rows, float *out) {                                                   \
        switch (rows) {                                                                                      \
        case 1: LINES(format, 1); break;                                                                     \
        case 2: LINES(format, 2); break;                                                                     \
        case 3: LINES(format, 3); break;                                                                     \
        case 4: LINES(format, 4); break;                                                                     \
        default: LINES(format, LINE_ROWS);                                                                   \
        }                                                                                                    \
    }                                                                                                        \
    static void refill_##format(const unsigned char *panel, int64_t runs, struct decoded *decoded) {         \
        lines_fill(form_##format, kind_##format, panel, runs, decoded);                                      \
    }                                                                                                        \
    void LEVEL(step_##format)(const struct weight *w, int64_t n0, const void *restrict x, int64_t rows,      \
                              float *restrict out) {                                                         \
        const struct step_format loops = { block_elements,  sizeof(struct format), kind_##format,            \
                                           few_##format,    fill_##format,         times_##format,           \
                                           refill_##format, lines_##format };                                \
        step_tile(w, n0, x, rows, out, &loops);                                                              \
    }
STEP(q8_0, 32)
STEP(q4_0, 32)
STEP(q4_1, 32)
STEP(q5_0, 32)
STEP(q5_1, 32)
STEP(q4_k, 256)
STEP(q5_k, 256)
STEP(q6_k, 256)
