/*
 * Products of activations with weights: out[m][n] = sum over k of x[m][k] * w[n][k] (+ bias[n]).
 *
 * A tile is PANEL outputs by up to MATMUL_ROWS rows of one job. Its k is walked in blocks: a panel_* kernel
 * decodes a block of the weight into k-major order on this thread's stack, whatever the weight's type and
 * strides; a product_* kernel multiplies all rows with it while it lies in the nearest cache. Sums wait in
 * `acc` between blocks, so cutting k changes no bit, and rows do not know of each other.
 *
 *     for each tile (n0, m0):
 *         acc = +0
 *         for k0 in steps:  panel(w, n0, k0) ; product(panel, x[m0..], acc)
 *         out[m0..][n0..] = acc + bias[n0..]
 *
 * Consecutive tiles share their weights (row blocks are the inner index), or follow one another in memory.
 * They are handed out a few at a time, since panel_* fetches ahead into the next one.
 *
 * In bf16 the activations are rounded first: once into job->rounded where many rows share them, or, for few
 * rows, within each tile, which costs less than the barrier that the former needs.
 *
 * Steps through q8_0, q4_0, q4_1 and q4_k in fast take another way: their rows are quantised once, behind
 * those rounded to bf16, and a step_* kernel computes a whole tile from the blocks as they lie in the file.
 *
 *     job->rounded   [rows][round_up(K, 32)] f32  |  [rows] of quantised.h
 */
#include "base/checked.h"
#include "kernels/matmul/quantised.h"
#include "kernels/ops.h"

#include <assert.h>
#include <string.h>

enum {
    K_BLOCK = 256,           /* of a panel: 32 KiB in f32. A multiple of 32 */
    K_BLOCK_FEW = 128,       /* few rows: a panel is used once, beside what was fetched ahead */
    ROWS_FEW = 4,            /* up to here rows are rounded within the tile */
    TILES_AT_ONCE = 4,       /* handed out together, when there are enough of them */
    TILES_EACH_AT_LEAST = 8, /* hand-outs a thread, so that all end together */
    QUANTISE_COLS = 1024,    /* by one thread at a time. A multiple of 32 */
};

struct products {
    const struct kernels *kernels;
    const struct numerics *numerics;
};

/* The kernel that takes steps through this weight; NULL: there is none, steps are rows as all others. */
static step_fn *step_kernel(const struct products *products, const struct weight *w) {
    bool whole = w->dtype != DTYPE_Q4_K ? w->cols % 32 == 0 : w->cols % 256 == 0;
    if (products->numerics->compute != COMPUTE_BF16 || w->transposed || !whole) return NULL;
    switch (w->dtype) {
    case DTYPE_Q8_0: return products->kernels->step_q8_0;
    case DTYPE_Q4_0: return products->kernels->step_q4_0;
    case DTYPE_Q4_1: return products->kernels->step_q4_1;
    case DTYPE_Q4_K: return products->kernels->step_q4_k;
    default: return NULL;
    }
}

/* Rows of the job that such a kernel takes: the first so many. */
static int64_t job_steps(const struct products *products, const struct matmul_job *job) {
    if (!step_kernel(products, job->weight)) return 0;
    return products->numerics->regime == REGIME_STEP ? job->rows : min_i64(job->steps, job->rows);
}

/* Blocks of rows: first those of steps, then of all others. */
static int64_t row_blocks(int64_t steps, const struct matmul_job *job) {
    return ceil_div(steps, MATMUL_ROWS) + ceil_div(job->rows - steps, MATMUL_ROWS);
}

static int64_t job_tiles(const struct products *products, const struct matmul_job *job) {
    return ceil_div(job->weight->rows, PANEL) * row_blocks(job_steps(products, job), job);
}

static unsigned char *quantised(const struct matmul_job *job, int64_t m) {
    unsigned char *first = (unsigned char *)(job->rounded + job->rows * round_up(job->weight->cols, 32));
    return first + m * quantised_bytes(job->weight->cols);
}

/* The `rows` rows of x from m0 on at [k0, k0 + kc) as bf16 numbers, zero up to the next multiple of 32. */
static const float *rounded_block(const struct products *products, const struct matmul_job *job, int64_t m0,
                                  int64_t rows, int64_t k0, int64_t kc, float *block) {
    for (int64_t m = 0; m < rows; m++) {
        products->kernels->round_bf16(job->x + (m0 + m) * job->x_stride + k0, kc, block + m * K_BLOCK_FEW);
        for (int64_t k = kc; k < round_up(kc, 32); k++) block[m * K_BLOCK_FEW + k] = 0;
    }
    return block;
}

static void tile_f32(const struct products *products, const struct matmul_job *job, int64_t n0, int64_t m0,
                     int64_t rows, float *acc) {
    _Alignas(64) float panel[K_BLOCK * PANEL];
    int64_t cols = job->weight->cols, step = rows <= ROWS_FEW ? K_BLOCK_FEW : K_BLOCK;
    for (int64_t k0 = 0; k0 < cols; k0 += step) {
        int64_t kc = min_i64(step, cols - k0);
        products->kernels->panel_f32(job->weight, n0, k0, kc, panel);
        products->kernels->product_f32(panel, kc, job->x + m0 * job->x_stride + k0, job->x_stride, rows, acc);
    }
}

static void tile_bf16(const struct products *products, const struct matmul_job *job, int64_t n0, int64_t m0,
                      int64_t rows, bool few, float *acc) {
    _Alignas(64) uint32_t panel[K_BLOCK / 2 * PANEL];
    _Alignas(64) float block[ROWS_FEW * K_BLOCK_FEW];
    int64_t cols = job->weight->cols, stride = few ? K_BLOCK_FEW : round_up(cols, 32),
            step = few ? K_BLOCK_FEW : K_BLOCK;
    for (int64_t k0 = 0; k0 < cols; k0 += step) {
        int64_t kc = min_i64(step, cols - k0);
        products->kernels->panel_bf16(job->weight, n0, k0, kc, panel);
        const float *x =
            few ? rounded_block(products, job, m0, rows, k0, kc, block) : job->rounded + m0 * stride + k0;
        products->kernels->product_bf16(panel, kc, x, stride, rows, acc);
    }
}

/* Tiles of a job: for each PANEL outputs the blocks of rows, first those of steps, then all others. */
static void tile(const struct products *products, const struct matmul_job *job, int64_t index) {
    _Alignas(64) float acc[MATMUL_ROWS * PANEL];
    int64_t steps = job_steps(products, job), step_blocks = ceil_div(steps, MATMUL_ROWS);
    int64_t blocks = row_blocks(steps, job), block = index % blocks, n0 = index / blocks * PANEL;
    bool step = block < step_blocks;
    int64_t m0 = step ? block * MATMUL_ROWS : steps + (block - step_blocks) * MATMUL_ROWS;
    int64_t rows = min_i64(MATMUL_ROWS, (step ? steps : job->rows) - m0),
            outputs = min_i64(PANEL, job->weight->rows - n0);
    if (step) {
        step_kernel(products, job->weight)(job->weight, n0, quantised(job, m0), rows, acc);
    } else {
        memset(acc, 0, (size_t)rows * PANEL * sizeof *acc);
        if (computes_bf16(products->numerics, job->weight))
            tile_bf16(products, job, n0, m0, rows, job->rows - steps <= ROWS_FEW, acc);
        else
            tile_f32(products, job, n0, m0, rows, acc);
    }
    for (int64_t m = 0; m < rows; m++) {
        float *out = job->out + (m0 + m) * job->out_stride + n0;
        if (job->bias)
            for (int64_t j = 0; j < outputs; j++) out[j] = acc[m * PANEL + j] + job->bias[n0 + j];
        else
            memcpy(out, acc + m * PANEL, (size_t)outputs * sizeof *out);
    }
}

/* Work that is dealt out to the threads in turn. */
static bool my_turn(const struct team *team, int64_t *turn) {
    return (*turn)++ % team->count == team->rank;
}

static void round_row(struct exec *exec, const struct matmul_job *job, int64_t m) {
    int64_t cols = job->weight->cols, stride = round_up(cols, 32);
    exec->kernels->round_bf16(job->x + m * job->x_stride, cols, job->rounded + m * stride);
    for (int64_t k = cols; k < stride; k++) job->rounded[m * stride + k] = 0;
}

static void quantise_row(struct exec *exec, const struct matmul_job *job, int64_t m, int64_t *turn) {
    int64_t cols = job->weight->cols;
    int8_t *q = (int8_t *)quantised(job, m);
    float *scale = (float *)(void *)(q + cols);
    int32_t *sum = (int32_t *)(void *)(scale + cols / 32);
    for (int64_t k = 0; k < cols; k += QUANTISE_COLS)
        if (my_turn(exec->team, turn))
            exec->kernels->quantise(job->x + m * job->x_stride + k, min_i64(QUANTISE_COLS, cols - k), q + k,
                                    scale + k / 32, sum + k / 32);
}

/* Fill job->rounded where tiles will read it, once for jobs side by side that share it: rows [first, rows) in
 * bf16 and [0, steps) in int8. True when there was anything to do: then a barrier is due. */
static bool round_jobs(struct exec *exec, const struct products *products, const struct matmul_job *jobs,
                       int64_t job_count) {
    int64_t turn = 0;
    bool any = false;
    for (int64_t j = 0, next; j < job_count; j = next) {
        const struct matmul_job *job = &jobs[j];
        int64_t first = job->rows, steps = 0;
        next = j + 1;
        if (job->rows == 0) continue; /* its room is that of the next */
        while (next < job_count && job->rounded && jobs[next].rounded == job->rounded) next++;
        for (int64_t i = j; i < next; i++) {
            int64_t own = job_steps(products, &jobs[i]);
            steps = max_i64(steps, own);
            if (jobs[i].rows - own > ROWS_FEW && computes_bf16(products->numerics, jobs[i].weight))
                first = min_i64(first, own);
        }
        if (first == job->rows && steps == 0) continue;
        assert(job->rounded);
        any = true;
        for (int64_t m = first; m < job->rows; m++)
            if (my_turn(exec->team, &turn)) round_row(exec, job, m);
        for (int64_t m = 0; m < steps; m++) quantise_row(exec, job, m, &turn);
    }
    return any;
}

static void matmul(struct exec *exec, const struct numerics *numerics, const struct matmul_job *jobs,
                   int64_t job_count) {
    const struct products products = { exec->kernels, numerics };
    if (round_jobs(exec, &products, jobs, job_count)) team_sync(exec->team);
    int64_t tiles = 0;
    for (int64_t j = 0; j < job_count; j++) tiles += job_tiles(&products, &jobs[j]);
    int64_t at_once = min_i64(TILES_AT_ONCE, max_i64(1, tiles / (exec->team->count * TILES_EACH_AT_LEAST)));

    int64_t job = 0,
            first = 0; /* tiles come in ascending order, so the job they belong to only moves forward */
    for (struct team_loop l = team_loop(exec->team, ceil_div(tiles, at_once)); team_next(&l);)
        for (int64_t t = l.tile * at_once; t < min_i64(tiles, (l.tile + 1) * at_once); t++) {
            while (t - first >= job_tiles(&products, &jobs[job])) first += job_tiles(&products, &jobs[job++]);
            tile(&products, &jobs[job], t - first);
        }
    team_sync(exec->team);
}

void op_matmul(struct exec *exec, const struct matmul_job *jobs, int64_t job_count) {
    matmul(exec, &exec->numerics, jobs, job_count);
}

void op_matmul_f32(struct exec *exec, const struct matmul_job *jobs, int64_t job_count) {
    matmul(exec, &(struct numerics){ .compute = COMPUTE_F32 }, jobs, job_count);
}

int64_t matmul_rounded_count(const struct numerics *numerics, int64_t rows, int64_t cols) {
    int64_t padded = round_up(cols, 32);
    return numerics->compute == COMPUTE_BF16 ? rows * (padded + quantised_bytes(padded) / 4) : 0;
}
