/*
 * op_matmul against a naive loop over weight_get and fmaf in the stated order: every type and layout, all
 * levels, one to five threads, lists of jobs as attention and experts make them. Bits must be equal.
 */
#include "kernels/ops.h"

#include "base/fpu.h"
#include "kernels/random_weight.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>

enum { JOBS_MAX = 12, TAKES_MAX = 64 };

struct memory { /* what a test allocated */
    void *taken[TAKES_MAX];
    int count;
};

static void *take(void *context, int64_t bytes) {
    struct memory *memory = context;
    assert_true(memory->count < TAKES_MAX);
    void *block = calloc(1, (size_t)bytes + 1);
    assert_non_null(block);
    return memory->taken[memory->count++] = block;
}

static void release(struct memory *memory) {
    while (memory->count > 0) free(memory->taken[--memory->count]);
}

static float *take_normal(struct memory *memory, struct random *random, int64_t count) {
    float *values = take(memory, count * (int64_t)sizeof *values);
    for (int64_t i = 0; i < count; i++) values[i] = (float)random_normal(random);
    return values;
}

/* ---- the definition ---- */

static float bf16(float value) {
    return bf16_to_f32(bf16_from_f32(value));
}

static float naive_f32(const struct weight *w, const float *x, int64_t n) {
    float sum = 0;
    for (int64_t k = 0; k < w->cols; k++) sum = fmaf(x[k], weight_get(w, n, k), sum);
    return sum;
}

static float naive_bf16(const struct weight *w, const float *x, int64_t n) {
    float sum = 0;
    for (int64_t k0 = 0; k0 < w->cols; k0 += 32) {
        float chain[2] = { 0, 0 };
        for (int64_t i = 0; i < 32; i++) {
            bool there = k0 + i < w->cols;
            float a = there ? bf16(x[k0 + i]) : 0, b = there ? bf16(weight_get(w, n, k0 + i)) : 0;
            chain[i % 2] = fmaf(a, b, chain[i % 2]);
        }
        sum += chain[0] + chain[1];
    }
    return sum;
}

static void naive(const struct numerics *numerics, const struct matmul_job *job, float *out) {
    bool narrow = computes_bf16(numerics, job->weight);
    for (int64_t m = 0; m < job->rows; m++)
        for (int64_t n = 0; n < job->weight->rows; n++) {
            const float *x = job->x + m * job->x_stride;
            float sum = narrow ? naive_bf16(job->weight, x, n) : naive_f32(job->weight, x, n);
            out[m * job->out_stride + n] = job->bias ? sum + job->bias[n] : sum;
        }
}

/* ---- running ---- */

struct call {
    const struct kernels *kernels;
    struct numerics numerics;
    const struct matmul_job *jobs;
    int64_t count;
    bool force_f32;
};

static void call_matmul(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = { .team = team, .kernels = call->kernels, .numerics = call->numerics };
    if (call->force_f32)
        op_matmul_f32(&exec, call->jobs, call->count);
    else
        op_matmul(&exec, call->jobs, call->count);
}

static int64_t out_count(const struct matmul_job *job) {
    return job->rows > 0 ? (job->rows - 1) * job->out_stride + job->weight->rows : 0;
}

/* All levels and teams against the naive loop. */
static void assert_jobs(struct matmul_job *jobs, int64_t count, enum compute compute, bool force_f32) {
    static const int teams[] = { 1, 2, 3, 5 };
    struct memory memory = { 0 };
    struct numerics numerics = { .compute = compute },
                    used = { .compute = force_f32 ? COMPUTE_F32 : compute };
    float *want[JOBS_MAX];
    unsigned state = fpu_flush_denormals();
    for (int64_t j = 0; j < count; j++) {
        want[j] = take(&memory, out_count(&jobs[j]) * 4);
        jobs[j].out = take(&memory, out_count(&jobs[j]) * 4);
        naive(&used, &jobs[j], want[j]);
    }
    for (int level = 0; level <= (int)level_of_machine(); level++)
        for (int t = level == LEVEL_REF ? 2 : 0; t < (level == LEVEL_REF ? 3 : 4); t++) { /* ref is slow */
            struct kernels kernels = kernels_select((enum level)level);
            struct call call = { &kernels, numerics, jobs, count, force_f32 };
            struct team_pool *pool;
            assert_true(team_pool_open(teams[t], &pool, NULL));
            for (int64_t j = 0; j < count; j++) memset(jobs[j].out, 0, (size_t)out_count(&jobs[j]) * 4);
            team_run(pool, call_matmul, &call);
            team_pool_close(pool);
            for (int64_t j = 0; j < count; j++)
                assert_same_bits(jobs[j].out, want[j], (size_t)out_count(&jobs[j]));
        }
    fpu_restore(state);
    release(&memory);
}

/* A job of random operands; `weight` must live as long as it. */
static struct matmul_job random_job(struct memory *memory, struct random *random, const struct weight *weight,
                                    int64_t rows, bool bias) {
    struct matmul_job job = { .weight = weight, .rows = rows };
    job.x_stride = weight->cols + (int64_t)random_below(random, 5);
    job.out_stride = weight->rows + (int64_t)random_below(random, 5);
    job.x = take_normal(memory, random, rows * job.x_stride);
    job.rounded = take(memory, rows * round_up(weight->cols, 32) * 4);
    job.bias = bias ? take_normal(memory, random, weight->rows) : NULL;
    return job;
}

static void assert_every_layout(enum dtype dtype, bool scaled) {
    static const int64_t shapes[][3] = {
        { 1, 1, 1 }, { 70, 300, 1 }, { 33, 65, 5 }, { 96, 288, 3 }, { 33, 64, 130 }
    };
    struct random random = random_seed(7 + dtype);
    for (int shape = 0; shape < 5; shape++)
        for (int layout = 0; layout < LAYOUT_COUNT; layout++)
            for (int compute = 0; compute < 2; compute++) {
                struct memory memory = { 0 };
                struct random_weight_plan plan = {
                    dtype, (enum layout)layout, shapes[shape][0], shapes[shape][1], scaled, false
                };
                struct weight w = random_weight(&random, &plan, take, &memory);
                struct matmul_job job = random_job(&memory, &random, &w, shapes[shape][2], layout % 2);
                assert_jobs(&job, 1, compute ? COMPUTE_BF16 : COMPUTE_F32, false);
                release(&memory);
            }
}

TEST(matmul_f32_weights_of_any_layout) {
    assert_every_layout(DTYPE_F32, false);
}
TEST(matmul_bf16_weights_of_any_layout) {
    assert_every_layout(DTYPE_BF16, false);
}
TEST(matmul_f16_weights_of_any_layout) {
    assert_every_layout(DTYPE_F16, false);
}
TEST(matmul_f64_weights_of_any_layout) {
    assert_every_layout(DTYPE_F64, false);
}
TEST(matmul_e4m3_weights_with_planes_of_scales) {
    assert_every_layout(DTYPE_F8_E4M3, true);
}
TEST(matmul_e5m2_weights_of_any_layout) {
    assert_every_layout(DTYPE_F8_E5M2, false);
}
TEST(matmul_f4_weights_with_scales) {
    assert_every_layout(DTYPE_F4_E2M1, true);
}

/* DeepSeek's blocks of 128 by 128, whose last ones are cut; and views that begin inside a block. */
TEST(matmul_e4m3_blocks_of_128_cut_at_the_edge) {
    enum { ROWS = 300, COLS = 272 };
    struct memory memory = { 0 };
    struct random random = random_seed(3);
    struct random_weight_plan plan = { DTYPE_F8_E4M3, LAYOUT_DENSE, ROWS, COLS, false, false };
    struct weight w = random_weight(&random, &plan, take, &memory);
    w.scale = (const unsigned char *)take_normal(&memory, &random, 3 * 3);
    w.scale_dtype = DTYPE_F32;
    w.scale_rows = w.scale_cols = 128;
    w.scale_row_stride = 3 * 4;
    w.scale_col_stride = 4;
    struct weight rows = weight_rows(&w, 100, 150), cols = weight_cols(&w, 120, 150),
                  turned = weight_transpose(&w), striped = weight_row_stripe(&w, 1, 2, 150);
    const struct weight *views[] = { &w, &rows, &cols, &turned, &striped };
    for (int v = 0; v < 5; v++)
        for (int compute = 0; compute < 2; compute++) {
            struct memory job_memory = { 0 };
            struct matmul_job job = random_job(&job_memory, &random, views[v], 2, false);
            assert_jobs(&job, 1, compute ? COMPUTE_BF16 : COMPUTE_F32, false);
            release(&job_memory);
        }
    release(&memory);
}

/* q, k and v: three weights, one x, one `rounded`; more rows than a tile has. */
TEST(matmul_jobs_that_share_their_rows) {
    struct memory memory = { 0 };
    struct random random = random_seed(4);
    struct weight w[3];
    struct matmul_job jobs[3];
    for (int j = 0; j < 3; j++) {
        struct random_weight_plan plan = {
            j == 2 ? DTYPE_F32 : DTYPE_BF16, LAYOUT_DENSE, j == 0 ? 96 : 40, 72, false, false
        };
        w[j] = random_weight(&random, &plan, take, &memory);
        jobs[j] = random_job(&memory, &random, &w[j], 140, j == 1);
        jobs[j].x = jobs[0].x;
        jobs[j].x_stride = jobs[0].x_stride;
        jobs[j].rounded = jobs[0].rounded;
    }
    assert_jobs(jobs, 3, COMPUTE_BF16, false);
    assert_jobs(jobs, 3, COMPUTE_F32, false);
    release(&memory);
}

/* Experts: many small jobs of different row counts, some with none. */
TEST(matmul_jobs_of_experts) {
    static const int64_t counts[JOBS_MAX] = { 0, 1, 7, 0, 0, 4, 5, 1, 33, 0, 2, 0 };
    struct memory memory = { 0 };
    struct random random = random_seed(5);
    struct weight w[JOBS_MAX];
    struct matmul_job jobs[JOBS_MAX];
    for (int j = 0; j < JOBS_MAX; j++) {
        struct random_weight_plan plan = { DTYPE_BF16, j % 2 ? LAYOUT_TRANSPOSED : LAYOUT_DENSE,
                                           80,         100,
                                           false,      false };
        w[j] = random_weight(&random, &plan, take, &memory);
        jobs[j] = random_job(&memory, &random, &w[j], counts[j], false);
    }
    assert_jobs(jobs, JOBS_MAX, COMPUTE_BF16, false);
    assert_jobs(jobs, JOBS_MAX, COMPUTE_F32, false);
    assert_jobs(jobs, JOBS_MAX, COMPUTE_BF16, true); /* as the router's op_matmul_f32 does */
    assert_jobs(jobs, 0, COMPUTE_BF16, false);
    release(&memory);
}

/* A row's bits do not depend on the rows beside it. */
TEST(matmul_rows_do_not_know_of_each_other) {
    enum { ROWS = 150, N = 64, K = 530 };
    struct memory memory = { 0 };
    struct random random = random_seed(6);
    struct random_weight_plan plan = { DTYPE_BF16, LAYOUT_DENSE, N, K, false, false };
    struct weight w = random_weight(&random, &plan, take, &memory);
    struct matmul_job all = random_job(&memory, &random, &w, ROWS, false);
    struct kernels kernels = kernels_select(level_of_machine());
    struct team_pool *pool;
    assert_true(team_pool_open(2, &pool, NULL));
    all.out = take(&memory, ROWS * all.out_stride * 4);
    float *one_out = take(&memory, N * 4);
    for (int compute = 0; compute < 2; compute++) {
        struct call call = { &kernels, { .compute = compute ? COMPUTE_BF16 : COMPUTE_F32 }, &all, 1, false };
        team_run(pool, call_matmul, &call);
        for (int64_t m = 0; m < ROWS; m += 37) {
            struct matmul_job one = all;
            one.rows = 1;
            one.x = all.x + m * all.x_stride;
            one.out = one_out;
            call.jobs = &one;
            team_run(pool, call_matmul, &call);
            assert_same_bits(one_out, all.out + m * all.out_stride, N);
            call.jobs = &all;
        }
    }
    team_pool_close(pool);
    release(&memory);
}

TEST(matmul_rounded_count_is_for_bf16_alone) {
    assert_int_equal(matmul_rounded_count(&(struct numerics){ .compute = COMPUTE_F32 }, 3, 33), 0);
    assert_int_equal(matmul_rounded_count(&(struct numerics){ .compute = COMPUTE_BF16 }, 3, 33),
                     3 * (64 + 64 / 4 + 64 / 32 + 64 / 32)); /* f32; int8, scales and sums */
}

TEST(matmul_computes_in_bf16_only_what_is_stored_narrow) {
    const struct numerics exact = { .compute = COMPUTE_F32 }, fast = { .compute = COMPUTE_BF16 };
    for (int dtype = 0; dtype < DTYPE_COUNT; dtype++) {
        struct weight w = { .dtype = (enum dtype)dtype };
        bool narrow = dtype == DTYPE_BF16 || dtype == DTYPE_F8_E4M3 || dtype == DTYPE_F8_E5M2 ||
                      dtype == DTYPE_F4_E2M1 || dtype_is_block((enum dtype)dtype);
        assert_int_equal(computes_bf16(&fast, &w), narrow);
        assert_false(computes_bf16(&exact, &w));
    }
}
