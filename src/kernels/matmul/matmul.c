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
 */
#include "base/checked.h"
#include "kernels/ops.h"

#include <assert.h>
#include <string.h>

enum {
    K_BLOCK = 256,           /* of a panel: 32 KiB in f32. A multiple of 32 */
    K_BLOCK_FEW = 128,       /* few rows: a panel is used once, beside what was fetched ahead */
    ROWS_FEW = 4,            /* up to here rows are rounded within the tile */
    TILES_AT_ONCE = 4,       /* handed out together, when there are enough of them */
    TILES_EACH_AT_LEAST = 8, /* hand-outs a thread, so that all end together */
};

struct products {
    const struct kernels *kernels;
    const struct numerics *numerics;
};

static int64_t row_blocks(const struct matmul_job *job) {
    return ceil_div(job->rows, MATMUL_ROWS);
}

static int64_t job_tiles(const struct matmul_job *job) {
    return ceil_div(job->weight->rows, PANEL) * row_blocks(job);
}

/* The `rows` rows of x at [k0, k0 + kc) as bf16 numbers, zero up to the next multiple of 32. */
static const float *rounded_block(const struct products *products, const struct matmul_job *job, int64_t k0,
                                  int64_t kc, float *block) {
    for (int64_t m = 0; m < job->rows; m++) {
        products->kernels->round_bf16(job->x + m * job->x_stride + k0, kc, block + m * K_BLOCK_FEW);
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
                      int64_t rows, float *acc) {
    _Alignas(64) uint32_t panel[K_BLOCK / 2 * PANEL];
    _Alignas(64) float block[ROWS_FEW * K_BLOCK_FEW];
    bool few = job->rows <= ROWS_FEW;
    int64_t cols = job->weight->cols, stride = few ? K_BLOCK_FEW : round_up(cols, 32),
            step = few ? K_BLOCK_FEW : K_BLOCK;
    for (int64_t k0 = 0; k0 < cols; k0 += step) {
        int64_t kc = min_i64(step, cols - k0);
        products->kernels->panel_bf16(job->weight, n0, k0, kc, panel);
        const float *x = few ? rounded_block(products, job, k0, kc, block) : job->rounded + m0 * stride + k0;
        products->kernels->product_bf16(panel, kc, x, stride, rows, acc);
    }
}

static void tile(const struct products *products, const struct matmul_job *job, int64_t index) {
    _Alignas(64) float acc[MATMUL_ROWS * PANEL];
    int64_t n0 = index / row_blocks(job) * PANEL, m0 = index % row_blocks(job) * MATMUL_ROWS;
    int64_t rows = min_i64(MATMUL_ROWS, job->rows - m0), outputs = min_i64(PANEL, job->weight->rows - n0);
    memset(acc, 0, (size_t)rows * PANEL * sizeof *acc);
    if (computes_bf16(products->numerics, job->weight))
        tile_bf16(products, job, n0, m0, rows, acc);
    else
        tile_f32(products, job, n0, m0, rows, acc);
    for (int64_t m = 0; m < rows; m++) {
        float *out = job->out + (m0 + m) * job->out_stride + n0;
        if (job->bias)
            for (int64_t j = 0; j < outputs; j++) out[j] = acc[m * PANEL + j] + job->bias[n0 + j];
        else
            memcpy(out, acc + m * PANEL, (size_t)outputs * sizeof *out);
    }
}

/* Fill job->rounded where tiles will read it. True when there was anything to do: then a barrier is due. */
static bool round_jobs(struct exec *exec, const struct numerics *numerics, const struct matmul_job *jobs,
                       int64_t job_count) {
    const float *last = NULL;
    bool any = false;
    for (int64_t j = 0; j < job_count; j++) {
        const struct matmul_job *job = &jobs[j];
        if (job->rows <= ROWS_FEW || !computes_bf16(numerics, job->weight)) continue;
        assert(job->rounded);
        if (job->rounded == last) continue; /* shared with the job before */
        last = job->rounded;
        any = true;
        int64_t cols = job->weight->cols, stride = round_up(cols, 32);
        for (int64_t m = exec->team->rank; m < job->rows; m += exec->team->count) {
            exec->kernels->round_bf16(job->x + m * job->x_stride, cols, job->rounded + m * stride);
            for (int64_t k = cols; k < stride; k++) job->rounded[m * stride + k] = 0;
        }
    }
    return any;
}

static void matmul(struct exec *exec, const struct numerics *numerics, const struct matmul_job *jobs,
                   int64_t job_count) {
    const struct products products = { exec->kernels, numerics };
    if (round_jobs(exec, numerics, jobs, job_count)) team_sync(exec->team);
    int64_t tiles = 0;
    for (int64_t j = 0; j < job_count; j++) tiles += job_tiles(&jobs[j]);
    int64_t at_once = min_i64(TILES_AT_ONCE, max_i64(1, tiles / (exec->team->count * TILES_EACH_AT_LEAST)));

    int64_t job = 0,
            first = 0; /* tiles come in ascending order, so the job they belong to only moves forward */
    for (struct team_loop l = team_loop(exec->team, ceil_div(tiles, at_once)); team_next(&l);)
        for (int64_t t = l.tile * at_once; t < min_i64(tiles, (l.tile + 1) * at_once); t++) {
            while (t - first >= job_tiles(&jobs[job])) first += job_tiles(&jobs[job++]);
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
    return numerics->compute == COMPUTE_BF16 ? rows * round_up(cols, 32) : 0;
}
