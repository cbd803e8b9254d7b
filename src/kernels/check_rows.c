/*
 * kernel-check's cases for kernels over rows: norms, softmax, activations, rotation, choice, elementwise.
 *
 * Each kernel meets every kind of data at every length up to LENGTH_MAX and a few beyond; bits must equal the
 * reference's. On plain data both stay within a bound of a float64 evaluation, told beside each.
 */
#include "kernels/kernel_check.h"

#include <math.h>
#include <string.h>

#define LENGTH_MAX 70

static float *floats_in(struct check *check, int kind, int64_t n) {
    float *x = check_input(check, n * (int64_t)sizeof *x);
    check_fill(check, (enum check_data)kind, x, n);
    return x;
}

static float *floats_out(struct check *check, int64_t n) {
    return check_output(check, n * (int64_t)sizeof(float));
}

/* 0 .. LENGTH_MAX, then some longer ones; -1 ends. */
static int64_t length_after(int64_t n) {
    return n < LENGTH_MAX ? n + 1 : n == LENGTH_MAX ? 255 : n == 255 ? 256 : n == 256 ? 1000 : -1;
}

#define FOR_EACH_CASE(kind, n)                                                                               \
    for (int kind = 0; kind < DATA_COUNT; kind++)                                                            \
        for (int64_t n = 0; n >= 0; n = length_after(n))

/* ---- norm ---- */

/* Against float64: a sum of n squares in 16 lanes errs by less than n / 16 + 4 half ulps, its root by half.
 */
static void near_norm(struct check *check, const float *got, const float *x, const float *weight,
                      const float *bias, bool centred, int64_t n) {
    double mean = 0, squares = 0;
    for (int64_t i = 0; i < n && centred; i++) mean += (double)x[i] / (double)n;
    for (int64_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean) / (double)n;
    for (int64_t i = 0; i < n; i++) {
        double want = (x[i] - mean) / sqrt(squares + 1e-5) * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
        check_near(check, got[i], want, 1e-5 * (fabs(want) + 1));
    }
}

void check_rms_norm(struct check *check) {
    FOR_EACH_CASE(kind, n)
    for (int with = 0; with < 2; with++) {
        float *x = floats_in(check, kind, n), *weight = with ? floats_in(check, DATA_NORMAL, n) : NULL;
        float *want = floats_out(check, n), *got = floats_out(check, n);
        check->ref->rms_norm(x, weight, 1e-5f, n, want);
        check->test->rms_norm(x, weight, 1e-5f, n, got);
        check_same(check, got, want, n, "n = %ld, data %d, weight %d", (long)n, kind, with);
        if (kind == DATA_NORMAL) near_norm(check, got, x, weight, NULL, false, n);
        memcpy(got, x, (size_t)n * sizeof *x);
        check->test->rms_norm(got, weight, 1e-5f, n, got);
        check_same(check, got, want, n, "in place, n = %ld, data %d", (long)n, kind);
        check_done(check);
    }
}

void check_layer_norm(struct check *check) {
    FOR_EACH_CASE(kind, n)
    for (int with = 0; with < 4; with++) {
        float *x = floats_in(check, kind, n);
        float *weight = with & 1 ? floats_in(check, DATA_NORMAL, n) : NULL;
        float *bias = with & 2 ? floats_in(check, DATA_NORMAL, n) : NULL;
        float *want = floats_out(check, n), *got = floats_out(check, n);
        check->ref->layer_norm(x, weight, bias, 1e-5f, n, want);
        check->test->layer_norm(x, weight, bias, 1e-5f, n, got);
        check_same(check, got, want, n, "n = %ld, data %d, weights %d", (long)n, kind, with);
        if (kind == DATA_NORMAL && n > 1) near_norm(check, got, x, weight, bias, true, n);
        memcpy(got, x, (size_t)n * sizeof *x);
        check->test->layer_norm(got, weight, bias, 1e-5f, n, got);
        check_same(check, got, want, n, "in place, n = %ld, data %d", (long)n, kind);
        check_done(check);
    }
}

/* ---- softmax ---- */

/* exp errs by 1 ulp, the sum by less than n / 16 + 4 half ulps, the quotient by half. */
static void near_softmax(struct check *check, const float *got, const double *s, int64_t n) {
    double max = -INFINITY, sum = 0;
    for (int64_t i = 0; i < n; i++) max = fmax(max, s[i]);
    for (int64_t i = 0; i < n; i++) sum += exp(s[i] - max);
    for (int64_t i = 0; i < n; i++)
        check_near(check, got[i], exp(s[i] - max) / sum, 4e-6 * exp(s[i] - max) / sum);
}

void check_softmax(struct check *check) {
    FOR_EACH_CASE(kind, n) {
        float *x = floats_in(check, kind, n), *want = floats_out(check, n), *got = floats_out(check, n);
        if (kind == DATA_EQUAL && n % 3 == 0) /* nothing to choose from */
            for (int64_t i = 0; i < n; i++) x[i] = -INFINITY;
        check->ref->softmax(x, n, want);
        check->test->softmax(x, n, got);
        check_same(check, got, want, n, "n = %ld, data %d", (long)n, kind);
        double s[1000];
        for (int64_t i = 0; i < n; i++) s[i] = x[i];
        if (kind == DATA_NORMAL) near_softmax(check, got, s, n);
        memcpy(got, x, (size_t)n * sizeof *x);
        check->test->softmax(got, n, got);
        check_same(check, got, want, n, "in place, n = %ld, data %d", (long)n, kind);
        check_done(check);
    }
}

struct block_state {
    float max, sum, rescale;
};

static void check_block(struct check *check, int kind, int64_t count, float cap, bool begun) {
    float *x = floats_in(check, kind, count), *want = floats_out(check, count),
          *got = floats_out(check, count);
    int64_t first = (int64_t)random_below(&check->random, (uint64_t)count + 1);
    int64_t last = first + (int64_t)random_below(&check->random, (uint64_t)(count - first) + 1);
    if (count % 5 == 0) first = 0, last = count;
    memcpy(want, x, (size_t)count * sizeof *x);
    memcpy(got, x, (size_t)count * sizeof *x);
    struct block_state a = { begun ? 1.5f : -INFINITY, begun ? 3.25f : 0.0f, NAN }, b = a;
    check->ref->softmax_block(want, count, first, last, 0.35f, cap, &a.max, &a.sum, &a.rescale);
    check->test->softmax_block(got, count, first, last, 0.35f, cap, &b.max, &b.sum, &b.rescale);
    check_same(check, got, want, count, "count %ld, visible %ld..%ld, data %d, cap %g", (long)count,
               (long)first, (long)last, kind, (double)cap);
    check_same(check, &b.max, &a.max, 3, "state after count %ld, data %d", (long)count, kind);
    if (kind == DATA_NORMAL && !begun && first < last) {
        double s[256];
        for (int64_t j = first; j < last; j++) {
            s[j] = (double)0.35f * x[j];
            if (cap > 0) s[j] = cap * tanh(s[j] / cap);
            got[j] /= b.sum;
        }
        near_softmax(check, got + first, s + first, last - first);
    }
    check_done(check);
}

void check_softmax_block(struct check *check) {
    for (int kind = 0; kind < DATA_COUNT; kind++)
        for (int64_t count = 0; count <= 256; count++)
            for (int way = 0; way < 4; way++) check_block(check, kind, count, way & 1 ? 2.5f : 0.0f, way & 2);
}

/* ---- activation ---- */

static double activation_f64(enum activation activation, double x, double limit, double alpha) {
    switch (activation) {
    case ACTIVATION_SILU: return x / (1 + exp(-x));
    case ACTIVATION_GELU: return x * (1 + erf(x * M_SQRT1_2)) / 2;
    case ACTIVATION_GELU_TANH: return x * (1 + tanh(sqrt(2 / M_PI) * (x + 0.044715 * x * x * x))) / 2;
    case ACTIVATION_RELU: return fmax(0, x);
    default: return fmin(x, limit) / (1 + exp(-alpha * fmin(x, limit)));
    }
}

/* Against float64: erf and tanh by 1e-7 (1 + them, cancelled where x is far below 0), the rest by few ulps.
 */
static void near_gated(struct check *check, const float *got, int activation, const float *gate,
                       const float *up, int64_t n, double limit, double alpha) {
    for (int64_t i = 0; i < n; i++) {
        double factor = up ? up[i] : 1;
        if (up && activation == ACTIVATION_SWIGLU_OAI) factor = fmin(limit, fmax(-limit, up[i])) + 1;
        double want = activation_f64((enum activation)activation, gate[i], limit, alpha) * factor;
        check_near(check, got[i], want, 6e-7 * (fabs(want) + fabs(gate[i] * factor)));
    }
}

void check_gated(struct check *check) {
    FOR_EACH_CASE(kind, n)
    for (int way = 0; way < 2 * ACTIVATION_COUNT; way++) {
        enum activation activation = (enum activation)(way / 2);
        float *gate = floats_in(check, kind, n), *up = way % 2 ? floats_in(check, kind, n) : NULL;
        float *want = floats_out(check, n), *got = floats_out(check, n);
        check->ref->gated(activation, gate, up, n, 1.25f, 1.702f, want);
        check->test->gated(activation, gate, up, n, 1.25f, 1.702f, got);
        check_same(check, got, want, n, "activation %d, n = %ld, data %d", way / 2, (long)n, kind);
        if (kind == DATA_NORMAL) near_gated(check, got, way / 2, gate, up, n, 1.25, (double)1.702f);
        memcpy(got, gate, (size_t)n * sizeof *got);
        check->test->gated(activation, got, up, n, 1.25f, 1.702f, got);
        check_same(check, got, want, n, "in place: activation %d, n = %ld, data %d", way / 2, (long)n, kind);
        check_done(check);
    }
}

static double unary_f64(enum unary unary, double x, double cap) {
    switch (unary) {
    case UNARY_SIGMOID: return 1 / (1 + exp(-x));
    case UNARY_RELU: return fmax(0, x);
    case UNARY_TANH_CAP: return cap * tanh(x / cap);
    default: return fmin(cap, fmax(-cap, x));
    }
}

void check_unary(struct check *check) {
    FOR_EACH_CASE(kind, n)
    for (int way = 0; way < UNARY_COUNT; way++) {
        enum unary unary = (enum unary)way;
        float *x = floats_in(check, kind, n), *want = floats_out(check, n), *got = floats_out(check, n);
        check->ref->unary(unary, x, n, 0.75f, want);
        check->test->unary(unary, x, n, 0.75f, got);
        check_same(check, got, want, n, "unary %d, n = %ld, data %d", way, (long)n, kind);
        for (int64_t i = 0; i < n && kind == DATA_NORMAL; i++) {
            double exact = unary_f64(unary, x[i], 0.75);
            check_near(check, got[i], exact, 4e-7 * fabs(exact)); /* 2 ulps of tanh or exp, and a product */
        }
        memcpy(got, x, (size_t)n * sizeof *got);
        check->test->unary(unary, got, n, 0.75f, got);
        check_same(check, got, want, n, "in place: unary %d, n = %ld, data %d", way, (long)n, kind);
        check_done(check);
    }
}

/* ---- rope ---- */

void check_rope(struct check *check) {
    for (int kind = 0; kind < DATA_COUNT; kind++)
        for (int64_t half = 0; half <= LENGTH_MAX; half++)
            for (int interleaved = 0; interleaved < 2; interleaved++) {
                float *x = floats_in(check, kind, 2 * half);
                float *cosine = floats_in(check, DATA_NORMAL, half),
                      *sine = floats_in(check, DATA_NORMAL, half);
                float *want = floats_out(check, 2 * half), *got = floats_out(check, 2 * half);
                memcpy(want, x, (size_t)(2 * half) * sizeof *x);
                memcpy(got, x, (size_t)(2 * half) * sizeof *x);
                check->ref->rope(want, cosine, sine, half, interleaved);
                check->test->rope(got, cosine, sine, half, interleaved);
                check_same(check, got, want, 2 * half, "half %ld, interleaved %d, data %d", (long)half,
                           interleaved, kind);
                for (int64_t i = 0; i < half && kind == DATA_NORMAL; i++) { /* two roundings each */
                    int64_t a = interleaved ? 2 * i : i, b = interleaved ? 2 * i + 1 : half + i;
                    double c = cosine[i], s = sine[i];
                    check_near(check, got[a], x[a] * c - x[b] * s, 2e-7 * (fabs(x[a] * c) + fabs(x[b] * s)));
                    check_near(check, got[b], x[b] * c + x[a] * s, 2e-7 * (fabs(x[b] * c) + fabs(x[a] * s)));
                }
                check_done(check);
            }
}

/* ---- top_k ---- */

void check_top_k(struct check *check) {
    FOR_EACH_CASE(kind, n) {
        int64_t choices[] = { 0, 1, n / 3, n };
        for (int way = n > 0 ? 0 : 3; way < 4; way++) {
            int64_t k = choices[way] > 100 ? 100 : choices[way];
            if (k > n) continue;
            float *x = floats_in(check, kind, n);
            if (kind == DATA_SPECIAL && way == 3) /* nothing but NaN */
                for (int64_t i = 0; i < n; i++) x[i] = NAN;
            int32_t *want = check_output(check, k * 4), *got = check_output(check, k * 4);
            check->ref->top_k(x, n, k, want);
            check->test->top_k(x, n, k, got);
            check_same_ids(check, got, want, k, "n = %ld, k = %ld, data %d", (long)n, (long)k, kind);
            check_done(check);
        }
    }
}

/* ---- elementwise ---- */

void check_axpy(struct check *check) {
    FOR_EACH_CASE(kind, n) {
        float *x = floats_in(check, kind, n), *y = floats_in(check, kind, n);
        float *want = floats_out(check, n), *got = floats_out(check, n);
        memcpy(want, y, (size_t)n * sizeof *y);
        memcpy(got, y, (size_t)n * sizeof *y);
        check->ref->axpy(-0.7f, x, n, want);
        check->test->axpy(-0.7f, x, n, got);
        check_same(check, got, want, n, "n = %ld, data %d", (long)n, kind);
        for (int64_t i = 0; i < n && kind == DATA_NORMAL; i++) {
            double exact = (double)-0.7f * x[i] + y[i];
            check_near(check, got[i], exact, 6e-8 * fabs(exact)); /* rounded once */
        }
        check_done(check);
    }
}

void check_scale(struct check *check) {
    FOR_EACH_CASE(kind, n) {
        float *x = floats_in(check, kind, n), *want = floats_out(check, n), *got = floats_out(check, n);
        check->ref->scale(3.3f, x, n, want);
        check->test->scale(3.3f, x, n, got);
        check_same(check, got, want, n, "n = %ld, data %d", (long)n, kind);
        for (int64_t i = 0; i < n && kind == DATA_NORMAL; i++)
            check_near(check, got[i], (double)3.3f * x[i], 6e-8 * fabs((double)3.3f * x[i]));
        memcpy(got, x, (size_t)n * sizeof *got);
        check->test->scale(3.3f, got, n, got);
        check_same(check, got, want, n, "in place, n = %ld, data %d", (long)n, kind);
        check_done(check);
    }
}

/* ---- speed: rows that lie in the nearest cache ---- */

struct row_bench {
    const struct kernels *kernels;
    float *x, *y, *z;
    int64_t n;
    int way;
};

static void bench_rows(struct check *check, const char *shape, int64_t n, int way, void (*body)(void *)) {
    struct row_bench b = { check->test,
                           floats_in(check, DATA_NORMAL, n),
                           floats_in(check, DATA_NORMAL, n),
                           floats_out(check, n),
                           n,
                           way };
    check_rate(check, shape, (double)n, check_seconds(body, &b), "Gelem/s", 0);
    check_done(check);
}

#define BENCH(op, n, ...)                                                                                    \
    static void run_##op(void *argument) {                                                                   \
        struct row_bench *b = argument;                                                                      \
        b->kernels->op(__VA_ARGS__);                                                                         \
    }                                                                                                        \
    void bench_##op(struct check *check) {                                                                   \
        bench_rows(check, "row of " #n, n, 0, run_##op);                                                     \
    }

BENCH(rms_norm, 2048, b->x, b->y, 1e-5f, b->n, b->z)
BENCH(layer_norm, 2048, b->x, b->y, NULL, 1e-5f, b->n, b->z)
BENCH(softmax, 128, b->x, b->n, b->z)
BENCH(rope, 128, b->z, b->x, b->y, b->n / 2, false)
BENCH(top_k, 128, b->x, b->n, 8, (int32_t *)(void *)b->z)
BENCH(axpy, 2048, 1e-9f, b->x, b->n, b->z)
BENCH(scale, 2048, 1.5f, b->x, b->n, b->z)

static void run_softmax_block(void *argument) {
    struct row_bench *b = argument;
    float max = -INFINITY, sum = 0, rescale;
    b->kernels->softmax_block(b->x, b->n, 0, b->n, 0.1f, (float)b->way, &max, &sum, &rescale);
}
void bench_softmax_block(struct check *check) {
    bench_rows(check, "256 keys", 256, 0, run_softmax_block);
    bench_rows(check, "256 keys, capped", 256, 50, run_softmax_block);
}

static void run_gated(void *argument) {
    struct row_bench *b = argument;
    b->kernels->gated((enum activation)b->way, b->x, b->y, b->n, 7, 1.702f, b->z);
}
void bench_gated(struct check *check) {
    bench_rows(check, "silu, row of 2048", 2048, ACTIVATION_SILU, run_gated);
    bench_rows(check, "gelu, row of 2048", 2048, ACTIVATION_GELU, run_gated);
    bench_rows(check, "gelu tanh, row of 2048", 2048, ACTIVATION_GELU_TANH, run_gated);
}

static void run_unary(void *argument) {
    struct row_bench *b = argument;
    b->kernels->unary((enum unary)b->way, b->x, b->n, 30, b->z);
}
void bench_unary(struct check *check) {
    bench_rows(check, "sigmoid, row of 2048", 2048, UNARY_SIGMOID, run_unary);
    bench_rows(check, "tanh cap, row of 2048", 2048, UNARY_TANH_CAP, run_unary);
}
