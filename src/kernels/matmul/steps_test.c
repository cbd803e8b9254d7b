/*
 * op_matmul with steps: which rows go through integers and which through bf16, at every level and in teams of
 * one to five. The definition of a step is step_*_ref, which is held against float64 here.
 */
#include "kernels/matmul/products_test.h"
#include "kernels/matmul/quantised.h"
#include "kernels/run_test.h"

enum { JOBS_MAX = 8 };

/* ---- the definition ---- */

static step_fn *step_of(enum dtype dtype) {
    return dtype == DTYPE_Q8_0   ? step_q8_0_ref
           : dtype == DTYPE_Q4_0 ? step_q4_0_ref
           : dtype == DTYPE_Q4_1 ? step_q4_1_ref
           : dtype == DTYPE_Q4_K ? step_q4_k_ref
           : dtype == DTYPE_Q5_0 ? step_q5_0_ref
           : dtype == DTYPE_Q5_1 ? step_q5_1_ref
           : dtype == DTYPE_Q5_K ? step_q5_k_ref
           : dtype == DTYPE_Q6_K ? step_q6_k_ref
                                 : NULL;
}

static void quantise_row(const float *x, int64_t cols, void *out) {
    int8_t *q = out;
    float *scale = (float *)(void *)(q + cols);
    quantise_ref(x, cols, q, scale, (int32_t *)(void *)(scale + cols / 32));
}

static void naive_step(const struct weight *w, const float *x, float *out) {
    float tile[PANEL];
    unsigned char *quantised = malloc((size_t)quantised_bytes(w->cols));
    assert_non_null(quantised);
    quantise_row(x, w->cols, quantised);
    for (int64_t n = 0; n < w->rows; n++) {
        if (n % PANEL == 0) step_of(w->dtype)(w, n, quantised, 1, tile);
        out[n] = tile[n % PANEL];
    }
    free(quantised);
}

static void naive(const struct product *p, enum compute compute, enum regime regime, bool integers,
                  float *out) {
    const struct weight *w = p->weight;
    for (int64_t m = 0; m < p->x.count; m++) {
        const float *x = rows_row(p->x, m);
        float *row = out + m * p->out.stride;
        if (integers && compute == COMPUTE_BF16 && (regime == REGIME_INTEGER || m < p->x.steps))
            naive_step(w, x, row);
        else
            for (int64_t n = 0; n < w->rows; n++)
                row[n] = compute == COMPUTE_BF16 ? naive_bf16(w, x, n) : naive_f32(w, x, n);
        for (int64_t n = 0; p->bias && n < w->rows; n++) row[n] += p->bias[n];
    }
}

/* ---- running ---- */

struct call {
    enum compute compute;
    enum regime regime;
    struct product *products;
    int64_t count;
};

static void call_matmul(struct exec *exec, void *argument) {
    const struct call *call = argument;
    exec->numerics.compute = call->compute;
    exec->numerics.regime = call->regime;
    op_matmul(exec, call->products, call->count);
}

static int64_t out_count(const struct product *p) {
    return p->x.count * p->out.stride;
}

/* The bits of a NaN, its sign among them, are promised by nobody. */
static void one_nan(float *values, int64_t count) {
    for (int64_t i = 0; i < count; i++)
        if (isnan(values[i])) values[i] = NAN;
}

/* Every level and team gives the bits of the definition. Products whose weight has whole blocks, in rows, of
 * a type with a step kernel take steps in integers. */
static void assert_in_regime(struct product *products, int64_t count, enum compute compute,
                             enum regime regime) {
    static const int teams[] = { 1, 2, 3, 5 };
    struct memory memory = { 0 };
    float *want[JOBS_MAX];
    unsigned state = fpu_flush_denormals();
    for (int64_t j = 0; j < count; j++) {
        const struct weight *w = products[j].weight;
        int64_t elements, bytes;
        dtype_unit(w->dtype, &elements, &bytes);
        bool whole = w->cols % elements == 0;
        want[j] = take(&memory, out_count(&products[j]) * 4);
        products[j].out.at = take(&memory, out_count(&products[j]) * 4);
        naive(&products[j], compute, regime, step_of(w->dtype) && whole && !w->transposed, want[j]);
        one_nan(want[j], out_count(&products[j]));
    }
    fpu_restore(state);
    struct call call = { compute, regime, products, count };
    /* races are the operation's, not the kernels', and the slowest of these say no more about them */
    bool spared = TEST_TSAN && !getenv("SY_LONG") && level_of_machine() > LEVEL_REF;
    for (int level = spared ? LEVEL_AVX2 : LEVEL_REF; level <= LEVEL_TILES; level++)
        for (int t = slow(level) ? 2 : 0; level_runs((enum level)level) && t < (slow(level) ? 3 : 4); t++) {
            for (int64_t j = 0; j < count; j++)
                memset(products[j].out.at, 0, (size_t)out_count(&products[j]) * 4);
            op_run(teams[t], (enum level)level, call_matmul, &call);
            for (int64_t j = 0; j < count; j++) {
                one_nan(products[j].out.at, out_count(&products[j]));
                assert_same_bits(products[j].out.at, want[j], (size_t)out_count(&products[j]));
            }
        }
    release(&memory);
}

static void assert_products(struct product *products, int64_t count, enum compute compute) {
    assert_in_regime(products, count, compute, REGIME_BF16);
    if (compute == COMPUTE_BF16) assert_in_regime(products, count, compute, REGIME_INTEGER);
}

static void assert_split(enum dtype dtype, int64_t outputs, int64_t cols, int64_t rows, int64_t steps,
                         enum layout layout) {
    struct memory memory = { 0 };
    struct random random = random_seed((uint64_t)(rows * 1000 + steps));
    struct random_weight_plan plan = { dtype, layout, outputs, cols, false, false };
    struct weight w = random_weight(&random, &plan, take, &memory);
    struct product p = random_product(&memory, &random, &w, rows, steps, rows % 2);
    assert_products(&p, 1, COMPUTE_BF16);
    release(&memory);
}

static void assert_splits(enum dtype dtype) {
    static const int64_t counts[][2] = { { 1, 1 }, { 1, 0 }, { 5, 2 }, { 7, 7 }, { 9, 1 }, { 6, 5 } };
    for (int i = 0; i < 6; i++)
        assert_split(dtype, 70, 512, counts[i][0], counts[i][1], (enum layout)(i % LAYOUT_STRIPED));
    assert_split(dtype, 33, 256, 150, 140,
                 LAYOUT_DENSE); /* more steps than a tile has rows, and few others */
    assert_split(dtype, 32, 256, 270, 130, LAYOUT_STRIPED);
    assert_split(dtype, 1, 256, 3, 3, LAYOUT_DENSE);
    assert_split(dtype, 40, 256, 3, 2, LAYOUT_TRANSPOSED); /* no steps down the blocks */
    assert_split(dtype, 40, 300, 3, 2, LAYOUT_DENSE);      /* nor where they are cut */
}

TEST(steps_of_q8_0_are_split_from_prompts) {
    assert_splits(DTYPE_Q8_0);
}
TEST(steps_of_q4_0_are_split_from_prompts) {
    assert_splits(DTYPE_Q4_0);
}
TEST(steps_of_q4_1_are_split_from_prompts) {
    assert_splits(DTYPE_Q4_1);
}
TEST(steps_of_q4_k_are_split_from_prompts) {
    assert_splits(DTYPE_Q4_K);
}
TEST(steps_of_q5_0_are_split_from_prompts) {
    assert_splits(DTYPE_Q5_0);
}
TEST(steps_of_q5_1_are_split_from_prompts) {
    assert_splits(DTYPE_Q5_1);
}
TEST(steps_of_q5_k_are_split_from_prompts) {
    assert_splits(DTYPE_Q5_K);
}
TEST(steps_of_q6_k_are_split_from_prompts) {
    assert_splits(DTYPE_Q6_K);
}
TEST(steps_of_other_types_are_rows_like_all) {
    assert_split(DTYPE_Q3_K, 40, 256, 7, 3, LAYOUT_DENSE);
    assert_split(DTYPE_BF16, 40, 100, 7, 7, LAYOUT_DENSE);
}

/* q, k and v of three types that share x and its room; and a product without rows, which owns the room of its
 * neighbour. */
TEST(steps_and_rounded_rows_share_a_room) {
    static const enum dtype types[] = { DTYPE_Q4_K, DTYPE_Q6_K, DTYPE_Q3_K, DTYPE_F32, DTYPE_Q8_0 };
    static const int64_t rows_and_steps[][2] = { { 9, 9 }, { 9, 2 }, { 3, 1 }, { 140, 6 } };
    for (int i = 0; i < 4; i++)
        for (int turn = 0; turn < (i < 3 ? 3 : 1); turn++) {
            struct memory memory = { 0 };
            struct random random = random_seed(9);
            struct weight w[6];
            struct product products[6];
            for (int j = 0; j < 6; j++) {
                struct random_weight_plan plan = {
                    types[(j + turn) % 5], LAYOUT_DENSE, 40, 512, false, false
                };
                w[j] = random_weight(&random, &plan, take, &memory);
                products[j] = random_product(&memory, &random, &w[j], j == 0 ? 0 : rows_and_steps[i][0],
                                             rows_and_steps[i][1], j == 1);
                if (j <= 1) continue;
                products[j].x = products[1].x;
            }
            products[0].x.packed = products[1].x.packed;
            if (i < 2) assert_products(products + 1, 5, COMPUTE_F32);
            for (int j = 0; j < 6; j++) /* f32 has an order of its own in fast */
                if (w[j].dtype == DTYPE_F32) products[j].x.count = products[j].out.count = 0;
            assert_products(products, 6, COMPUTE_BF16);
            release(&memory);
        }
}

static const enum dtype step_types[] = { DTYPE_Q8_0, DTYPE_Q4_0, DTYPE_Q4_1, DTYPE_Q4_K,
                                         DTYPE_Q5_0, DTYPE_Q5_1, DTYPE_Q5_K, DTYPE_Q6_K };
enum { STEP_TYPES = sizeof step_types / sizeof *step_types };

/* Output n beside decoded weights times quantised activations in float64: a rounding or three a block, in
 * each of two chains, which together are not far above the largest weight of a block. Where a weight is no
 * number, neither is the output. */
static void assert_near_float64(const struct weight *w, int64_t n, const struct quantised_row *x, float got) {
    double exact = 0, magnitudes = 0;
    for (int64_t b = 0; b < w->cols / 32; b++) {
        double most = 0, sum = 0;
        for (int64_t k = 32 * b; k < 32 * b + 32; k++) {
            double value = (double)weight_get(w, n, k);
            exact += value * x->q[k] * x->scale[b];
            most = fmax(most, fabs(value));
            sum += abs(x->q[k]);
        }
        magnitudes += most * sum * x->scale[b];
    }
    if (!isfinite(exact))
        assert_false(isfinite(got));
    else
        assert_true(fabs(got - exact) <= 4 * magnitudes * (double)(w->cols / 32 + 4) * 0x1p-24 + 0x1p-100);
}

TEST(steps_are_near_float64) {
    enum { N = 64, K = 2048 };
    for (int type = 0; type < STEP_TYPES; type++) {
        struct memory memory = { 0 };
        struct random random = random_seed(11);
        struct random_weight_plan plan = { step_types[type], LAYOUT_DENSE, N, K, false, false };
        struct weight w = random_weight(&random, &plan, take, &memory);
        struct product p = random_product(&memory, &random, &w, 1, 1, false);
        struct call call = { COMPUTE_BF16, REGIME_INTEGER, &p, 1 };
        unsigned char *bytes = take(&memory, quantised_bytes(K));
        p.out.at = take(&memory, out_count(&p) * 4);
        op_run(2, level_of_machine(), call_matmul, &call);
        quantise_row(p.x.at, K, bytes);
        struct quantised_row x = quantised_row(bytes, 0, K);
        for (int64_t n = 0; n < N; n++) assert_near_float64(&w, n, &x, rows_row(p.out, 0)[n]);
        release(&memory);
    }
}

/* ---- corners ---- */

/* What a block may have in front, in f16: nothing, its smallest number, its largest, and none. */
static const float corner_scales[] = { 0,      -0.0F,    0x1p-24F,  -0x3p-24F, 1,
                                       -65504, INFINITY, -INFINITY, NAN,       65504 };
enum { CORNERS = sizeof corner_scales / sizeof *corner_scales, CORNER_ROWS = 7 };

/* All pairs of them, an output each, in one block of it; what has one number in front ignores the other. */
static void corner_blocks(const struct weight *w) {
    int64_t elements, bytes;
    dtype_unit(w->dtype, &elements, &bytes);
    for (int64_t n = 0; n < w->rows; n++) {
        unsigned char *block =
            (unsigned char *)(uintptr_t)w->data + n * w->row_stride + n % (w->cols / elements) * bytes;
        dtype_from_f32(DTYPE_F16, &corner_scales[n % CORNERS], 1, block + random_weight_front(w->dtype));
        if (random_weight_has_least(w->dtype))
            dtype_from_f32(DTYPE_F16, &corner_scales[n / CORNERS % CORNERS], 1, block + 2);
    }
}

/* Normal numbers; none; all equal; their opposites; denormals; near the largest whose products are finite;
 * one infinity. */
static void corner_activations(float *x, int64_t stride, int64_t cols) {
    for (int64_t k = 0; k < cols; k++) {
        x[stride + k] = 0;
        x[2 * stride + k] = 3;
        x[3 * stride + k] = -3;
        x[4 * stride + k] *= 0x1p-130F;
        x[5 * stride + k] *= 0x1p+80F;
    }
    x[6 * stride + 70] = INFINITY;
}

TEST(steps_through_extreme_blocks) {
    for (int type = 0; type < STEP_TYPES; type++) {
        struct memory memory = { 0 };
        struct random random = random_seed(13);
        struct random_weight_plan plan = {
            step_types[type], LAYOUT_DENSE, CORNERS * CORNERS, 512, false, false
        };
        struct weight w = random_weight(&random, &plan, take, &memory);
        struct product p = random_product(&memory, &random, &w, CORNER_ROWS, CORNER_ROWS, false);
        unsigned char *bytes = take(&memory, quantised_bytes(w.cols));
        float *out = take(&memory, w.rows * 4);
        corner_blocks(&w);
        corner_activations(p.x.at, p.x.stride, w.cols);
        assert_products(&p, 1, COMPUTE_BF16); /* every level is the definition, and that is near float64: */
        for (int64_t m = 0; m < CORNER_ROWS; m++) {
            const float *row = rows_row(p.x, m);
            unsigned mode = fpu_flush_denormals();
            quantise_row(row, w.cols, bytes);
            naive_step(&w, row, out);
            fpu_restore(mode);
            struct quantised_row x = quantised_row(bytes, 0, w.cols);
            for (int64_t n = 0; n < w.rows; n++) assert_near_float64(&w, n, &x, out[n]);
        }
        release(&memory);
    }
}

/* What is no number stays none, and does not spread to other rows. */
TEST(steps_of_what_is_not_finite) {
    struct memory memory = { 0 };
    struct random random = random_seed(12);
    struct random_weight_plan plan = { DTYPE_Q4_0, LAYOUT_DENSE, 40, 256, false, false };
    struct weight w = random_weight(&random, &plan, take, &memory);
    struct product p = random_product(&memory, &random, &w, 3, 3, false);
    struct call call = { COMPUTE_BF16, REGIME_INTEGER, &p, 1 };
    rows_row(p.x, 1)[70] = INFINITY;
    p.out.at = take(&memory, out_count(&p) * 4);
    op_run(2, level_of_machine(), call_matmul, &call);
    for (int64_t n = 0; n < 40; n++) {
        assert_true(isfinite(rows_row(p.out, 0)[n]) && isfinite(rows_row(p.out, 2)[n]));
        assert_true(isnan(rows_row(p.out, 1)[n]));
    }
    release(&memory);
}
