/*
 * Products of activations with weights: out[m][n] = sum over k of x[m][k] * w[n][k] (+ bias[n]).
 *
 * A tile is PANEL outputs by up to MATMUL_ROWS rows of one product. Its k is walked in blocks: a panel_*
 * kernel decodes a block of the weight into k-major order on this thread's stack, whatever the weight's type
 * and strides; a product_* kernel multiplies all rows with it while it lies in the nearest cache. Sums wait
 * in `acc` between blocks, so cutting k changes no bit, and rows do not know of each other.
 *
 *     for each tile (n0, m0):
 *         acc = +0
 *         for k0 in steps:  panel(w, n0, k0) ; product(panel, x[m0..], acc)
 *         out[m0..][n0..] = acc + bias[n0..]
 *
 * Consecutive tiles share their weights (row blocks are the inner index), or follow one another in memory.
 * They are handed out a few at a time, since panel_* fetches ahead into the next one.
 *
 * In bf16 the activations are rounded first: once, into their packed form, where many rows share them; or,
 * for few rows, within each tile, which costs less than the barrier that the former needs. Rows that come in
 * bf16 are read where they lie.
 *
 * Block formats with a step_* kernel take another way in fast (steps alone under REGIME_BF16): rows are
 * quantised once, behind those rounded to bf16, and it computes a whole tile from the blocks as they lie in
 * the file.
 *
 * Weights in records (tensor/records.h) are read where they lie by step_* kernels, and where a record is a
 * panel already: f32 in f32, bf16 in bf16. Any other panel is decoded from rows that are brought back, 32 by
 * a block of k at a time.
 *
 *     x.packed   [rows][round_up(K, 32)] bf16  |  [rows] of quantised.h
 */
#include "base/checked.h"
#include "kernels/matmul/quantised.h"
#include "kernels/ops.h"
#include "tensor/records.h"

#include <string.h>

enum {
    K_BLOCK = 256,           /* of a panel: 32 KiB in f32. A multiple of 32 */
    K_BLOCK_FEW = 128,       /* few rows: a panel is used once, beside what was fetched ahead */
    ROWS_FEW = 4,            /* up to here rows are rounded within the tile */
    TILES_AT_ONCE = 4,       /* handed out together, when there are enough of them */
    TILES_EACH_AT_LEAST = 8, /* hand-outs a thread, so that all end together */
    QUANTISE_COLS = 1024,    /* by one thread at a time. A multiple of 32 */
    PACK_COST = 2,           /* of an element, in those of base/team.h */
};

/* What all tiles of a call need. */
struct call {
    const struct kernels *kernels;
    const struct numerics *numerics;
};

/* ---- the packed form ---- */

/* Rows of bf16 as product_bf16 reads them: zero up to the next multiple of 32 columns. */
static struct rows rounded(const struct product *p) {
    bool ready = p->x.dtype == DTYPE_BF16 && p->x.width % 32 == 0;
    if (ready) return p->x;
    return rows_over_bf16((uint16_t *)(void *)p->x.packed, p->x.count, round_up(p->x.width, 32));
}

static unsigned char *quantised(const struct product *p, int64_t m) {
    int64_t K = p->x.width;
    return p->x.packed + p->x.count * round_up(K, 32) * (int64_t)sizeof(uint16_t) + m * quantised_bytes(K);
}

/* Columns [k0, k0 + kc) of row m to bf16, zero up to the next multiple of 32. */
static void round_columns(const struct kernels *kernels, struct rows x, int64_t m, int64_t k0, int64_t kc,
                          uint16_t *out) {
    if (x.dtype == DTYPE_BF16)
        memcpy(out, rows_row_bf16(x, m) + k0, (size_t)kc * sizeof *out);
    else
        kernels->round_bf16(rows_row(x, m) + k0, kc, out);
    memset(out + kc, 0, (size_t)(round_up(kc, 32) - kc) * sizeof *out);
}

/* The same columns as reals: where they lie, or widened into `block`. */
static const real *real_columns(struct rows x, int64_t m, int64_t k0, int64_t kc, real *block) {
    if (x.dtype == DTYPE_REAL) return rows_row(x, m) + k0;
    for (int64_t k = 0; k < kc; k++) block[k] = bf16_to_f32(rows_row_bf16(x, m)[k0 + k]);
    return block;
}

/* ---- which rows take which way ---- */

/* The kernel that takes rows through this weight in integers; NULL: there is none. */
static step_fn *step_kernel(const struct call *call, const struct weight *w) {
    int64_t elements, bytes;
    dtype_unit(w->dtype, &elements, &bytes);
    bool whole = w->cols % elements == 0;
    if (call->numerics->compute != COMPUTE_BF16 || w->transposed || !whole) return NULL;
    switch (w->dtype) {
    case DTYPE_Q8_0: return call->kernels->step_q8_0;
    case DTYPE_Q4_0: return call->kernels->step_q4_0;
    case DTYPE_Q4_1: return call->kernels->step_q4_1;
    case DTYPE_Q4_K: return call->kernels->step_q4_k;
    case DTYPE_Q5_0: return call->kernels->step_q5_0;
    case DTYPE_Q5_1: return call->kernels->step_q5_1;
    case DTYPE_Q5_K: return call->kernels->step_q5_k;
    case DTYPE_Q6_K: return call->kernels->step_q6_k;
    default: return NULL;
    }
}

bool matmul_reads_records(const struct numerics *numerics, const struct weight *w) {
    struct kernels ref = kernels_select(LEVEL_REF); /* every level has these */
    if (step_kernel(&(struct call){ &ref, numerics }, w)) return true;
    return !w->scale && w->dtype == (computes_bf16(numerics, w) ? DTYPE_BF16 : DTYPE_REAL);
}

/* Rows of the product that such a kernel takes: the first so many. */
static int64_t steps_of(const struct call *call, const struct product *p) {
    if (!step_kernel(call, p->weight)) return 0;
    return call->numerics->regime == REGIME_INTEGER ? p->x.count : min_i64(p->x.steps, p->x.count);
}

enum arithmetic matmul_arithmetic(const struct kernels *kernels, const struct numerics *numerics,
                                  const struct weight *weight, bool step) {
    const struct call call = { kernels, numerics };
    const struct product one = { .weight = weight, .x = { .count = 1, .steps = step } };
    return steps_of(&call, &one)             ? ARITHMETIC_INTEGER
           : computes_bf16(numerics, weight) ? ARITHMETIC_BF16
                                             : ARITHMETIC_F32;
}

/* Blocks of rows: first those of steps, then of all others. */
static int64_t row_blocks(int64_t steps, const struct product *p) {
    return ceil_div(steps, MATMUL_ROWS) + ceil_div(p->x.count - steps, MATMUL_ROWS);
}

static int64_t tiles_of(const struct call *call, const struct product *p) {
    return ceil_div(p->weight->rows, PANEL) * row_blocks(steps_of(call, p), p);
}

/* ---- panels ---- */

/* Columns of a panel at a time: whole units of records. */
static int64_t panel_step(const struct weight *w, bool few) {
    return few && !w->records ? K_BLOCK_FEW : K_BLOCK;
}

/* Do PANEL rows from n0 on stand in records of this type? */
static bool in_records(const struct weight *w, enum dtype dtype, int64_t n0) {
    return w->records && w->dtype == dtype && !w->scale && n0 + PANEL <= w->rows;
}

/* A view that panel_* can read, and where the panel at (*n0, *k0) stands in it: the weight itself, or some
 * rows brought back. */
typedef unsigned char panel_room[K_BLOCK * PANEL * sizeof(float)];
static struct weight readable(const struct weight *w, int64_t *n0, int64_t *k0, int64_t kc, panel_room room) {
    if (!w->records) return *w;
    struct weight rows = records_rows(w, *n0, min_i64(PANEL, w->rows - *n0), *k0, kc, room);
    *n0 = *k0 = 0;
    return rows;
}

/* Outputs n0.. by [k0, k0 + kc): where they lie as they are wanted, or in `panel`. */
static const real *panel_f32(const struct call *call, const struct weight *w, int64_t n0, int64_t k0,
                             int64_t kc, real *panel) {
    _Alignas(64) panel_room room;
    if (in_records(w, DTYPE_REAL, n0)) return (const real *)(const void *)records_panel(w, n0) + k0 * PANEL;
    struct weight view = readable(w, &n0, &k0, kc, room);
    call->kernels->panel_f32(&view, n0, k0, kc, panel);
    return panel;
}

static const uint32_t *panel_bf16(const struct call *call, const struct weight *w, int64_t n0, int64_t k0,
                                  int64_t kc, uint32_t *panel) {
    _Alignas(64) panel_room room;
    if (in_records(w, DTYPE_BF16, n0))
        return (const uint32_t *)(const void *)records_panel(w, n0) + k0 / 2 * PANEL;
    struct weight view = readable(w, &n0, &k0, kc, room);
    call->kernels->panel_bf16(&view, n0, k0, kc, panel);
    return panel;
}

/* ---- a tile ---- */

static void tile_f32(const struct call *call, const struct product *p, int64_t n0, int64_t m0, int64_t rows,
                     real *acc) {
    _Alignas(64) real panel[K_BLOCK * PANEL];
    int64_t cols = p->weight->cols, step = panel_step(p->weight, rows <= ROWS_FEW);
    for (int64_t k0 = 0; k0 < cols; k0 += step) {
        int64_t kc = min_i64(step, cols - k0);
        const real *w = panel_f32(call, p->weight, n0, k0, kc, panel);
        call->kernels->product_f32(w, kc, rows_row(p->x, m0) + k0, p->x.stride, rows, acc);
    }
}

static void tile_bf16(const struct call *call, const struct product *p, int64_t n0, int64_t m0, int64_t rows,
                      bool few, real *acc) {
    _Alignas(64) uint32_t panel[K_BLOCK / 2 * PANEL];
    _Alignas(64) uint16_t block[ROWS_FEW * K_BLOCK];
    struct rows x = few ? rows_over_bf16(block, rows, K_BLOCK) : rows_part(rounded(p), m0, rows);
    int64_t cols = p->weight->cols, step = panel_step(p->weight, few);
    for (int64_t k0 = 0; k0 < cols; k0 += step) {
        int64_t kc = min_i64(step, cols - k0);
        const uint32_t *w = panel_bf16(call, p->weight, n0, k0, kc, panel);
        for (int64_t m = 0; few && m < rows; m++)
            round_columns(call->kernels, p->x, m0 + m, k0, kc, rows_row_bf16(x, m));
        call->kernels->product_bf16(w, kc, rows_row_bf16(x, 0) + (few ? 0 : k0), x.stride, rows, acc);
    }
}

/* Tiles of a product: for each PANEL outputs the blocks of rows, first those of steps, then all others. */
static void tile(const struct call *call, const struct product *p, int64_t index) {
    _Alignas(64) real acc[MATMUL_ROWS * PANEL];
    int64_t steps = steps_of(call, p), step_blocks = ceil_div(steps, MATMUL_ROWS);
    int64_t blocks = row_blocks(steps, p), block = index % blocks, n0 = index / blocks * PANEL;
    bool step = block < step_blocks;
    int64_t m0 = step ? block * MATMUL_ROWS : steps + (block - step_blocks) * MATMUL_ROWS;
    int64_t rows = min_i64(MATMUL_ROWS, (step ? steps : p->x.count) - m0),
            outputs = min_i64(PANEL, p->weight->rows - n0);
    if (step) {
        step_kernel(call, p->weight)(p->weight, n0, quantised(p, m0), rows, acc);
    } else {
        memset(acc, 0, (size_t)rows * PANEL * sizeof *acc);
        if (computes_bf16(call->numerics, p->weight))
            tile_bf16(call, p, n0, m0, rows, p->x.count - steps <= ROWS_FEW, acc);
        else
            tile_f32(call, p, n0, m0, rows, acc);
    }
    for (int64_t m = 0; m < rows; m++) {
        real *out = rows_row(p->out, m0 + m) + n0;
        if (p->bias)
            for (int64_t j = 0; j < outputs; j++) out[j] = acc[m * PANEL + j] + p->bias[n0 + j];
        else
            memcpy(out, acc + m * PANEL, (size_t)outputs * sizeof *out);
    }
}

/* ---- packing ---- */

/* Work that is dealt out in turn: to all threads, or to nobody and counted only. */
struct deal {
    int64_t rank, count, turn;
    int64_t elements;
};

static bool my_turn(struct deal *deal, int64_t elements) {
    deal->elements += elements;
    return deal->turn++ % deal->count == deal->rank;
}

static void quantise_row(struct exec *exec, const struct product *p, int64_t m, struct deal *deal) {
    real block[QUANTISE_COLS];
    int64_t cols = p->weight->cols;
    int8_t *q = (int8_t *)quantised(p, m);
    float *scale = (float *)(void *)(q + cols);
    int32_t *sum = (int32_t *)(void *)(scale + cols / 32);
    for (int64_t k = 0; k < cols; k += QUANTISE_COLS) {
        int64_t kc = min_i64(QUANTISE_COLS, cols - k);
        if (!my_turn(deal, kc)) continue;
        exec->kernels->quantise(real_columns(p->x, m, k, kc, block), kc, q + k, scale + k / 32, sum + k / 32);
    }
}

/* What tiles will read of one operand: rows [first, count) in bf16, [0, steps) in int8. */
struct packing {
    int64_t first, steps;
};

static struct packing packing_of(const struct call *call, const struct product *products, int64_t count) {
    struct packing all = { products->x.count, 0 };
    for (int64_t i = 0; i < count; i++) {
        const struct product *p = &products[i];
        int64_t own = steps_of(call, p);
        bool bf16 = computes_bf16(call->numerics, p->weight);
        all.steps = max_i64(all.steps, own);
        if (bf16 && p->x.count - own > ROWS_FEW && rounded(p).at != p->x.at)
            all.first = min_i64(all.first, own);
        assert(bf16 || p->x.dtype == DTYPE_REAL);
    }
    return all;
}

/* Products from this one on that read the same operand. */
static int64_t sharing(const struct product *products, int64_t count) {
    int64_t n = 1;
    while (n < count && products->x.packed && products[n].x.packed == products->x.packed) n++;
    return n;
}

/* Fill x.packed where tiles will read it, once for products side by side that share it: what this thread is
 * dealt. */
static void pack_dealt(struct exec *exec, const struct call *call, const struct product *products,
                       int64_t count, struct deal *deal) {
    for (int64_t j = 0, n; j < count; j += n) {
        const struct product *p = &products[j];
        n = 1;
        if (p->x.count == 0) continue; /* its room is that of the next */
        n = sharing(p, count - j);
        struct packing need = packing_of(call, p, n);
        if (need.first == p->x.count && need.steps == 0) continue;
        assert(p->x.packed && p->x.packed_stride == matmul_packed_bytes(call->numerics, p->x.width));
        for (int64_t m = need.first; m < p->x.count; m++)
            if (my_turn(deal, p->x.width))
                round_columns(exec->kernels, p->x, m, 0, p->x.width, rows_row_bf16(rounded(p), m));
        for (int64_t m = 0; m < need.steps; m++) quantise_row(exec, p, m, deal);
    }
}

/* Few elements are packed by rank 0 alone, before all go on. */
static void pack(struct exec *exec, const struct call *call, const struct product *products, int64_t count) {
    struct deal all = { .rank = -1, .count = 1 };
    pack_dealt(exec, call, products, count, &all);
    if (all.elements == 0) return;
    bool few = PACK_COST * all.elements <= TEAM_SMALL;
    struct deal own = { .rank = few ? 0 : exec->team->rank, .count = few ? 1 : exec->team->count };
    if (!few) team_together(exec->team);
    if (!few || team_alone(exec->team)) pack_dealt(exec, call, products, count, &own);
    team_done(exec->team);
}

/* ---- the operation ---- */

static void multiply(struct exec *exec, const struct numerics *numerics, const struct product *products,
                     int64_t count) {
    const struct call call = { exec->kernels, numerics };
    pack(exec, &call, products, count);
    int64_t tiles = 0, cost = 0;
    for (int64_t j = 0; j < count; j++) {
        assert(products[j].x.width == products[j].weight->cols);
        assert(products[j].out.width == products[j].weight->rows &&
               products[j].out.count == products[j].x.count);
        tiles += tiles_of(&call, &products[j]);
        cost += products[j].x.count * products[j].weight->rows * products[j].weight->cols;
    }
    int64_t at_once = min_i64(TILES_AT_ONCE, max_i64(1, tiles / (exec->team->count * TILES_EACH_AT_LEAST)));

    /* tiles come in ascending order, so the product they belong to only moves forward */
    int64_t p = 0, first = 0;
    for (struct team_loop l = team_share(exec->team, ceil_div(tiles, at_once), cost); team_next(&l);)
        for (int64_t t = l.tile * at_once; t < min_i64(tiles, (l.tile + 1) * at_once); t++) {
            while (t - first >= tiles_of(&call, &products[p])) first += tiles_of(&call, &products[p++]);
            tile(&call, &products[p], t - first);
        }
    exec_lists(exec);
    team_done(exec->team);
}

void host_matmul(struct exec *exec, const struct product *products, int64_t count) {
    multiply(exec, &exec->numerics, products, count);
}

void host_matmul_f32(struct exec *exec, const struct product *products, int64_t count) {
    multiply(exec, &(struct numerics){ .compute = COMPUTE_F32 }, products, count);
}
