/*
 * op_matmul against a naive loop over weight_get and fmaf in the stated order: every type and layout, all
 * levels, one to five threads, lists of jobs as attention and experts make them. Bits must be equal.
 */
#include "base/fpu.h"
#include "kernels/matmul/products_test.h"

enum { JOBS_MAX = 12 };

/* The definition. */
static void naive(const struct numerics *numerics, const struct product *p, float *out) {
    bool narrow = computes_bf16(numerics, p->weight);
    for (int64_t m = 0; m < p->x.count; m++)
        for (int64_t n = 0; n < p->weight->rows; n++) {
            const float *x = rows_row(p->x, m);
            float sum = narrow ? naive_bf16(p->weight, x, n) : naive_f32(p->weight, x, n);
            out[m * p->out.stride + n] = p->bias ? sum + p->bias[n] : sum;
        }
}

/* ---- running ---- */

struct call {
    const struct kernels *kernels;
    struct numerics numerics;
    const struct product *products;
    int64_t count;
    bool force_f32;
};

static void call_matmul(struct team *team, void *argument) {
    const struct call *call = argument;
    struct exec exec = exec_host(team, call->kernels, &call->numerics, NULL, 0);
    if (call->force_f32)
        op_matmul_f32(&exec, call->products, call->count);
    else
        op_matmul(&exec, call->products, call->count);
}

static int64_t out_count(const struct product *p) {
    return p->x.count > 0 ? (p->x.count - 1) * p->out.stride + p->weight->rows : 0;
}

/* All levels and teams against the naive loop. */
static void assert_products(struct product *products, int64_t count, enum compute compute, bool force_f32) {
    static const int teams[] = { 1, 2, 3, 5 };
    struct memory memory = { 0 };
    struct numerics numerics = { .compute = compute },
                    used = { .compute = force_f32 ? COMPUTE_F32 : compute };
    float *want[JOBS_MAX];
    unsigned state = fpu_flush_denormals();
    for (int64_t j = 0; j < count; j++) {
        want[j] = take(&memory, out_count(&products[j]) * 4);
        products[j].out.at = take(&memory, out_count(&products[j]) * 4);
        naive(&used, &products[j], want[j]);
    }
    for (int level = 0; level <= LEVEL_TILES; level++)
        for (int t = slow(level) ? 2 : 0; level_runs((enum level)level) && t < (slow(level) ? 3 : 4); t++) {
            struct kernels kernels = kernels_select((enum level)level);
            struct call call = { &kernels, numerics, products, count, force_f32 };
            struct team_pool *pool;
            assert_true(team_pool_open(teams[t], &pool, NULL));
            for (int64_t j = 0; j < count; j++)
                memset(products[j].out.at, 0, (size_t)out_count(&products[j]) * 4);
            team_run(pool, call_matmul, &call);
            team_pool_close(pool);
            for (int64_t j = 0; j < count; j++)
                assert_same_bits(products[j].out.at, want[j], (size_t)out_count(&products[j]));
        }
    fpu_restore(state);
    release(&memory);
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
                struct product p = random_product(&memory, &random, &w, shapes[shape][2], 0, layout % 2);
                assert_products(&p, 1, compute ? COMPUTE_BF16 : COMPUTE_F32, false);
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
            struct memory product_memory = { 0 };
            struct product p = random_product(&product_memory, &random, views[v], 2, 0, false);
            assert_products(&p, 1, compute ? COMPUTE_BF16 : COMPUTE_F32, false);
            release(&product_memory);
        }
    release(&memory);
}

/* q, k and v: three weights, one x, one room for their packed form; more rows than a tile has. */
TEST(matmul_products_that_share_their_rows) {
    struct memory memory = { 0 };
    struct random random = random_seed(4);
    struct weight w[3];
    struct product products[3];
    for (int j = 0; j < 3; j++) {
        struct random_weight_plan plan = {
            j == 2 ? DTYPE_F32 : DTYPE_BF16, LAYOUT_DENSE, j == 0 ? 96 : 40, 72, false, false
        };
        w[j] = random_weight(&random, &plan, take, &memory);
        products[j] = random_product(&memory, &random, &w[j], 140, 0, j == 1);
        products[j].x = products[0].x;
    }
    assert_products(products, 3, COMPUTE_BF16, false);
    assert_products(products, 3, COMPUTE_F32, false);
    release(&memory);
}

/* Experts: many small products of different row counts, some with none. */
TEST(matmul_products_of_experts) {
    static const int64_t counts[JOBS_MAX] = { 0, 1, 7, 0, 0, 4, 5, 1, 33, 0, 2, 0 };
    struct memory memory = { 0 };
    struct random random = random_seed(5);
    struct weight w[JOBS_MAX];
    struct product products[JOBS_MAX];
    for (int j = 0; j < JOBS_MAX; j++) {
        struct random_weight_plan plan = { DTYPE_BF16, j % 2 ? LAYOUT_TRANSPOSED : LAYOUT_DENSE,
                                           80,         100,
                                           false,      false };
        w[j] = random_weight(&random, &plan, take, &memory);
        products[j] = random_product(&memory, &random, &w[j], counts[j], 0, false);
    }
    assert_products(products, JOBS_MAX, COMPUTE_BF16, false);
    assert_products(products, JOBS_MAX, COMPUTE_F32, false);
    assert_products(products, JOBS_MAX, COMPUTE_BF16, true); /* as the router's op_matmul_f32 does */
    assert_products(products, 0, COMPUTE_BF16, false);
    release(&memory);
}

/* A row's bits do not depend on the rows beside it. */
TEST(matmul_rows_do_not_know_of_each_other) {
    enum { ROWS = 150, N = 64, K = 530 };
    struct memory memory = { 0 };
    struct random random = random_seed(6);
    struct random_weight_plan plan = { DTYPE_BF16, LAYOUT_DENSE, N, K, false, false };
    struct weight w = random_weight(&random, &plan, take, &memory);
    struct product all = random_product(&memory, &random, &w, ROWS, 0, false);
    struct kernels kernels = kernels_select(level_of_machine());
    struct team_pool *pool;
    assert_true(team_pool_open(2, &pool, NULL));
    all.out.at = take(&memory, ROWS * all.out.stride * 4);
    float *one_out = take(&memory, N * 4);
    for (int compute = 0; compute < 2; compute++) {
        struct call call = { &kernels, { .compute = compute ? COMPUTE_BF16 : COMPUTE_F32 }, &all, 1, false };
        team_run(pool, call_matmul, &call);
        for (int64_t m = 0; m < ROWS; m += 37) {
            struct product one = { &w, NULL, rows_part(all.x, m, 1), rows_over(one_out, 1, N) };
            call.products = &one;
            team_run(pool, call_matmul, &call);
            assert_same_bits(one_out, rows_row(all.out, m), N);
            call.products = &all;
        }
    }
    team_pool_close(pool);
    release(&memory);
}

/* Rows that come in bf16 give the bits of the same numbers in f32: read where they lie, or packed where their
 * width is no multiple of 32; as prompts and, quantised, as steps. */
TEST(matmul_of_rows_in_bf16) {
    static const int64_t shapes[][3] = {
        { 64, 5, 0 }, { 70, 9, 0 }, { 256, 140, 3 }, { 96, 2, 2 }
    }; /* K, rows, steps */
    const struct numerics fast = { .compute = COMPUTE_BF16 };
    for (int i = 0; i < 4; i++) {
        struct memory memory = { 0 };
        struct random random = random_seed(8);
        int64_t K = shapes[i][0], rows = shapes[i][1];
        struct random_weight_plan plan = {
            shapes[i][2] ? DTYPE_Q8_0 : DTYPE_BF16, LAYOUT_DENSE, 40, K, false, false
        };
        struct weight w = random_weight(&random, &plan, take, &memory);
        struct product wide = random_product(&memory, &random, &w, rows, 0, true), narrow = wide;
        struct kernels kernels = kernels_select(level_of_machine());
        struct team_pool *pool;
        narrow.x.at = take(&memory, rows * wide.x.stride * 2);
        narrow.x.dtype = DTYPE_BF16;
        wide.x.steps = narrow.x.steps = shapes[i][2];
        for (int64_t m = 0; m < rows; m++)
            for (int64_t k = 0; k < K; k++) {
                float *x = &rows_row(wide.x, m)[k];
                *x = bf16(*x);
                rows_row_bf16(narrow.x, m)[k] = bf16_from_f32(*x);
            }
        wide.out.at = take(&memory, rows * wide.out.stride * 4);
        narrow.out.at = take(&memory, rows * wide.out.stride * 4);
        memset(wide.out.at, 0, (size_t)(rows * wide.out.stride) * 4);
        memset(narrow.out.at, 0, (size_t)(rows * wide.out.stride) * 4);
        assert_true(team_pool_open(2, &pool, NULL));
        struct call call = { &kernels, fast, &wide, 1, false };
        team_run(pool, call_matmul, &call);
        call.products = &narrow;
        if (K % 32 == 0 && shapes[i][2] == 0) narrow.x.packed = NULL; /* nothing needs it */
        team_run(pool, call_matmul, &call);
        team_pool_close(pool);
        assert_same_bits(narrow.out.at, wide.out.at, (size_t)((rows - 1) * wide.out.stride + 40));
        release(&memory);
    }
}

/* Two bytes an element, and behind them int8, scales and sums. */
TEST(matmul_packs_for_bf16_alone) {
    assert_int_equal(matmul_packed_bytes(&(struct numerics){ .compute = COMPUTE_F32 }, 33), 0);
    assert_int_equal(matmul_packed_bytes(&(struct numerics){ .compute = COMPUTE_BF16 }, 33),
                     round_up(64 * 2 + 64 + 64 / 32 * (4 + 4), 64));
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
