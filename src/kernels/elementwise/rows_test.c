/*
 * Operations over rows: however rows are cut into tiles and dealt to threads, each row is what the kernel
 * makes of it, and nothing beside the rows is touched.
 */
#include "base/random.h"
#include "kernels/run_test.h"

#include <math.h>
#include <string.h>

enum { COUNT = 23, WIDTH = 1500, STRIDE = 1504, HALF = 16, HEADS = 3, HEAD = 40 };

struct arrays {
    float x[COUNT * STRIDE], y[COUNT * STRIDE], out[COUNT * STRIDE], want[COUNT * STRIDE];
    float vector[STRIDE], factor[COUNT], cosine[COUNT * HALF], sine[COUNT * HALF], frequency[HALF];
    int64_t positions[COUNT], source[COUNT], begin[COUNT + 1];
    bool finite;
};

static void fill(struct arrays *r) {
    struct random random = random_seed(11);
    for (int64_t i = 0; i < COUNT * STRIDE; i++) {
        r->x[i] = (float)random_normal(&random);
        r->y[i] = (float)random_normal(&random);
        r->out[i] = r->want[i] = 77;
    }
    for (int64_t i = 0; i < STRIDE; i++) r->vector[i] = (float)random_normal(&random);
    for (int64_t i = 0; i < HALF; i++) r->frequency[i] = powf(10000, -(float)i / HALF);
    for (int64_t i = 0; i < COUNT; i++) {
        r->factor[i] = (float)random_normal(&random);
        r->positions[i] = i * 1000;
        r->source[i] = (int64_t)random_below(&random, COUNT);
        r->begin[i + 1] = r->begin[i] + (int64_t)random_below(&random, 3);
        if (r->begin[i + 1] > COUNT) r->begin[i + 1] = COUNT;
    }
}

/* One operation into out, and what kernels called row by row make, into want. */
struct row_case {
    void (*run)(struct exec *exec, void *arrays);
    void (*expect)(const struct kernels *kernels, struct arrays *r);
};

/* All of an array as rows; WIDTH columns of them. */
#define ALL(p)    rows_over(r->p, COUNT, STRIDE)
#define NARROW(p) rows_columns(ALL(p), 0, WIDTH)
#define FACTOR    rows_over(r->factor, COUNT, 1)

#define ROW(p)   (r->p + i * STRIDE)
#define EACH_ROW for (int64_t i = 0; i < COUNT; i++)

static void run_norm(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    struct norm_op norm = { .layer_norm = true, .weight = r->vector, .bias = r->x, .eps = 1e-5f };
    op_norm(exec, &norm, NARROW(y), NARROW(out));
}
static void expect_norm(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->layer_norm(ROW(y), r->vector, r->x, 1e-5f, WIDTH, ROW(want));
}

static void run_rms(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    struct norm_op norm = { .weight = r->vector, .eps = 1e-6f };
    op_norm(exec, &norm, NARROW(y), NARROW(out));
}
static void expect_rms(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->rms_norm(ROW(y), r->vector, 1e-6f, WIDTH, ROW(want));
}

static void run_softmax(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_softmax(exec, ALL(x), ALL(out));
}
static void expect_softmax(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->softmax(ROW(x), STRIDE, ROW(want));
}

static void run_unary(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_unary(exec, UNARY_TANH_CAP, 3, NARROW(x), NARROW(out));
}
static void expect_unary(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->unary(UNARY_TANH_CAP, ROW(x), WIDTH, 3, ROW(want));
}

static void run_unary_wide(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    struct rows x = rows_over(r->x, 3, 7 * STRIDE), out = rows_over(r->out, 3, 7 * STRIDE);
    op_unary(exec, UNARY_SIGMOID, 0, rows_columns(x, 0, 7 * STRIDE - 5),
             rows_columns(out, 0, 7 * STRIDE - 5));
}
static void expect_unary_wide(const struct kernels *kernels, struct arrays *r) {
    for (int64_t i = 0; i < 3; i++)
        kernels->unary(UNARY_SIGMOID, r->x + i * 7 * STRIDE, 7 * STRIDE - 5, 0, r->want + i * 7 * STRIDE);
}

static void run_gated(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_gated(exec, &(struct gated_op){ .activation = ACTIVATION_SILU }, ALL(x), ALL(y), ALL(out));
}
static void expect_gated(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->gated(ACTIVATION_SILU, ROW(x), ROW(y), STRIDE, 0, 0, ROW(want));
}

static void run_add(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_copy(exec, ALL(y), ALL(out));
    op_add(exec, 0.3f, ALL(x), ALL(out));
    op_scale(exec, 1.7f, ALL(out));
    op_scale_rows(exec, FACTOR, ALL(out));
}
static void expect_add(const struct kernels *kernels, struct arrays *r) {
    (void)kernels;
    EACH_ROW for (int64_t c = 0; c < STRIDE; c++) ROW(want)[c] =
        r->factor[i] * (1.7f * fmaf(0.3f, ROW(x)[c], ROW(y)[c]));
}

static void run_gather(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_gather(exec, ALL(x), r->source, FACTOR, ALL(out));
}
static void expect_gather(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW kernels->scale(r->factor[i], r->x + r->source[i] * STRIDE, STRIDE, ROW(want));
}

static void run_gather_plain(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_gather(exec, ALL(x), r->source, no_rows, ALL(out));
}
static void expect_gather_plain(const struct kernels *kernels, struct arrays *r) {
    (void)kernels;
    EACH_ROW memcpy(ROW(want), r->x + r->source[i] * STRIDE, STRIDE * sizeof(float));
}

static void run_combine(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    op_combine(exec, ALL(x), r->begin, r->source, FACTOR, ALL(out));
}
static void expect_combine(const struct kernels *kernels, struct arrays *r) {
    (void)kernels;
    EACH_ROW for (int64_t c = 0; c < STRIDE; c++) {
        float sum = 0;
        for (int64_t a = r->begin[i]; a < r->begin[i + 1]; a++)
            sum = fmaf(r->factor[a], r->x[r->source[a] * STRIDE + c], sum);
        ROW(want)[c] = sum;
    }
}

static void run_rope(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    struct rope_table table = { rows_over(r->cosine, COUNT, HALF), rows_over(r->sine, COUNT, HALF) };
    struct rows out = rows_columns(ALL(out), 0, HEADS * HEAD);
    op_rope_table(exec, r->positions, r->frequency, 1.25f, table);
    op_copy(exec, rows_columns(ALL(x), 0, HEADS * HEAD), out);
    op_rope(exec, out, HEADS, 8, table, true);
}
static void expect_rope(const struct kernels *kernels, struct arrays *r) {
    EACH_ROW {
        float cosine[HALF], sine[HALF];
        for (int64_t f = 0; f < HALF; f++) {
            double angle = (float)r->positions[i] * r->frequency[f];
            cosine[f] = (float)(cos(angle) * 1.25), sine[f] = (float)(sin(angle) * 1.25);
        }
        memcpy(ROW(want), ROW(x), HEADS * HEAD * sizeof(float));
        for (int64_t h = 0; h < HEADS; h++) kernels->rope(ROW(want) + h * HEAD + 8, cosine, sine, HALF, true);
    }
}

TEST(rows_are_what_the_kernels_make_of_them) {
    static const struct row_case cases[] = {
        { run_norm, expect_norm },       { run_rms, expect_rms },
        { run_softmax, expect_softmax }, { run_unary, expect_unary },
        { run_gated, expect_gated },     { run_unary_wide, expect_unary_wide },
        { run_add, expect_add },         { run_gather, expect_gather },
        { run_combine, expect_combine }, { run_gather_plain, expect_gather_plain },
        { run_rope, expect_rope },
    };
    static struct arrays r;
    struct kernels ref = kernels_select(LEVEL_REF);
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++)
        for (int threads = 1; threads <= 4; threads++) {
            fill(&r);
            unsigned fpu = fpu_flush_denormals();
            cases[n].expect(&ref, &r);
            fpu_restore(fpu);
            op_run(threads, level_of_machine(), cases[n].run, &r);
            assert_same_bits(r.out, r.want, COUNT * STRIDE);
        }
}

static void run_finite(struct exec *exec, void *argument) {
    struct arrays *r = argument;
    bool finite = op_all_finite(exec, ALL(x));
    if (exec->team->rank == exec->team->count - 1) r->finite = finite;
}

TEST(one_number_that_is_not_finite_is_found) {
    static struct arrays r;
    fill(&r);
    op_run(3, LEVEL_REF, run_finite, &r);
    assert_true(r.finite);
    static const int64_t places[] = { 0, 16383, 16384, COUNT * STRIDE - 1 };
    for (int n = 0; n < 12; n++) {
        float kept = r.x[places[n % 4]];
        r.x[places[n % 4]] = n < 4 ? NAN : n < 8 ? INFINITY : -INFINITY;
        op_run(3, LEVEL_REF, run_finite, &r);
        assert_false(r.finite);
        r.x[places[n % 4]] = kept;
    }
}
