/*
 * kernel-check of steps: activations to int8, and tiles of each block format that has steps against ref and
 * float64; their speed beside a plain read loop.
 */
#include "kernels/kernel_check.h"
#include "kernels/matmul/quantised.h"
#include "kernels/random_weight.h"
#include "tensor/records.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void *take_input(void *context, int64_t bytes) {
    return check_input(context, bytes);
}

/* ---- quantise ---- */

static void trial_quantise(struct check *check, enum check_data data, int64_t n) {
    float *x = check_input(check, n * 4);
    int8_t *want_q = check_output(check, n), *got_q = check_output(check, n);
    float *want_scale = check_output(check, n / 8), *got_scale = check_output(check, n / 8);
    int32_t *want_sum = check_output(check, n / 8), *got_sum = check_output(check, n / 8);
    check_fill(check, data, x, n);
    check->ref->quantise(x, n, want_q, want_scale, want_sum);
    check->test->quantise(x, n, got_q, got_scale, got_sum);
    check_same_bytes(check, got_q, want_q, n, "q of %ld, data %d", (long)n, data);
    check_same(check, got_scale, want_scale, n / 32, "scales of %ld, data %d", (long)n, data);
    check_same_ids(check, got_sum, want_sum, n / 32, "sums of %ld, data %d", (long)n, data);
    for (int64_t b = 0; b < n / 32; b++) {
        int sum = 0;
        for (int64_t i = 32 * b; i < 32 * b + 32; i++) {
            sum += got_q[i];
            check_near(check, got_q[i], 0, 127);
            if (isfinite(got_scale[b])) /* half a step, and three roundings */
                check_near(check, (double)got_q[i] * got_scale[b], x[i], got_scale[b] * 0.50002 + 0x1p-119);
        }
        check_near(check, got_sum[b], sum, 0);
    }
    check_done(check);
}

void check_quantise(struct check *check) {
    for (int data = 0; data < DATA_COUNT; data++)
        for (int64_t n = 0; n <= 32 * 40; n += 32) trial_quantise(check, (enum check_data)data, n);
}

/* ---- steps ---- */

/* `rows` rows quantised from random numbers; `extreme`: all 127 and -127, or all of them equal. */
static unsigned char *quantised_rows(struct check *check, enum check_data data, int64_t rows, int64_t cols,
                                     bool extreme) {
    unsigned char *out = check_input(check, rows * quantised_bytes(cols));
    float *x = check_input(check, cols * 4);
    for (int64_t m = 0; m < rows; m++) {
        struct quantised_row row = quantised_row(out, m, cols);
        check_fill(check, data, x, cols);
        for (int64_t k = 0; extreme && k < cols; k++) x[k] = m % 2 || k % 3 ? 2.0F : -2.0F;
        check->ref->quantise(x, cols, (int8_t *)(uintptr_t)row.q, (float *)(uintptr_t)row.scale,
                             (int32_t *)(uintptr_t)row.sum);
    }
    return out;
}

/* Against float64: the weights decoded, the integers scaled. Each block rounds thrice, and formats
 * with minima have two chains, both as large as the minima make them. */
static void near_float64(struct check *check, const struct weight *w, int64_t n0,
                         const struct quantised_row *x, const float *got) {
    float values[2048];
    for (int64_t j = 0; j < PANEL && n0 + j < w->rows; j++) {
        double exact = 0, magnitudes = 0;
        weight_get_row(w, n0 + j, 0, w->cols, values);
        for (int64_t b = 0; b < w->cols / 32; b++) {
            double most = 0, sum = 0;
            for (int64_t k = 32 * b; k < 32 * b + 32; k++) {
                exact += (double)values[k] * x->q[k] * x->scale[b];
                most = fmax(most, fabs((double)values[k]));
                sum += fabs((double)x->q[k]);
            }
            magnitudes += 4 * most * sum * x->scale[b];
        }
        check_near(check, got[j], exact, (double)(w->cols / 32 + 4) * magnitudes * 0x1p-24 + 0x1p-100);
    }
}

/* A dense weight whose integers are as large as they can be. */
static void largest_blocks(const struct weight *w) {
    int64_t elements, bytes;
    dtype_unit(w->dtype, &elements, &bytes);
    unsigned char *data = (unsigned char *)(uintptr_t)w->data;
    for (int64_t i = 0; i < w->rows * w->cols / elements; i++, data += bytes) {
        memset(data, w->dtype == DTYPE_Q8_0 ? 0x80 : 0xff, (size_t)bytes);
        if (w->dtype == DTYPE_Q6_K) { /* -32 times -128 */
            *(struct q6_k *)(void *)data = (struct q6_k){ .ql = { 0 } };
            memset(((struct q6_k *)(void *)data)->scales, 0x80, 16);
        }
        dtype_from_f32(DTYPE_F16, (const float[]){ 3 }, 1, data + random_weight_front(w->dtype));
        if (random_weight_has_least(w->dtype)) dtype_from_f32(DTYPE_F16, (const float[]){ 5 }, 1, data + 2);
    }
}

/* The same weight in records, or in rows where it cannot be. */
static struct weight in_records(struct check *check, const struct weight *w) {
    if (!records_fit(w)) return *w;
    unsigned char *memory = check_input(check, weight_bytes(w));
    records_pack(w, 0, records_panels(w), memory);
    return records_weight(w, memory);
}

static void trial_step(struct check *check, step_fn *ref, step_fn *test, struct random_weight_plan plan,
                       enum check_data data, int64_t rows, bool extreme) {
    struct weight w = random_weight(&check->random, &plan, take_input, check);
    if (extreme) largest_blocks(&w);
    unsigned char *x = quantised_rows(check, data, rows, w.cols, extreme);
    struct weight packed = in_records(check, &w);
    for (int64_t n0 = 0; n0 < w.rows; n0 += PANEL) {
        float *want = check_output(check, rows * PANEL * 4), *got = check_output(check, rows * PANEL * 4);
        ref(&w, n0, x, rows, want);
        test(&packed, n0, x, rows, got);
        check_same(check, got, want, rows * PANEL, "[%ld, %ld] in records, wild %d at %ld, %ld rows, data %d",
                   (long)w.rows, (long)w.cols, plan.wild, (long)n0, (long)rows, data);
        test(&w, n0, x, rows, got);
        check_same(check, got, want, rows * PANEL, "[%ld, %ld] layout %d wild %d at %ld, %ld rows, data %d",
                   (long)w.rows, (long)w.cols, plan.layout, plan.wild, (long)n0, (long)rows, data);
        bool tame = !plan.wild && !extreme && (data == DATA_NORMAL || data == DATA_CANCELLING);
        for (int64_t m = 0; tame && m < rows; m++) {
            struct quantised_row row = quantised_row(x, m, w.cols);
            near_float64(check, &w, n0, &row, got + m * PANEL);
        }
    }
    check_done(check);
}

static void check_step(struct check *check, enum dtype dtype, step_fn *ref, step_fn *test) {
    static const int64_t widths[] = { 1, 2, 3, 4, 7 }, heights[] = { 1, 7, 8, 9, 16, 31, 32, 33, 64, 70 },
                         counts[] = { 1, 2, 3, 4, 5, 15, 16, 130, 23, 47 };
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    for (int width = 0; width < 5; width++)
        for (int height = 0; height < 10; height++)
            for (int kind = 0; kind < 6; kind++) {
                struct random_weight_plan plan = { dtype,           (enum layout)(kind % 3),
                                                   heights[height], widths[width] * elements,
                                                   false,           kind >= 3 };
                int64_t rows = counts[random_below(&check->random, 10)];
                enum check_data data = (enum check_data)(
                    kind < 3 && rows % 2 ? DATA_NORMAL : random_below(&check->random, DATA_COUNT));
                trial_step(check, ref, test, plan, data, rows, false);
                bool extreme = width == 2 && kind == 3;
                trial_step(check, ref, test, plan, DATA_NORMAL, counts[width], extreme);
                if (extreme) trial_step(check, ref, test, plan, DATA_NORMAL, 23, extreme);
            }
}

void check_step_q8_0(struct check *check) {
    check_step(check, DTYPE_Q8_0, check->ref->step_q8_0, check->test->step_q8_0);
}
void check_step_q4_0(struct check *check) {
    check_step(check, DTYPE_Q4_0, check->ref->step_q4_0, check->test->step_q4_0);
}
void check_step_q4_1(struct check *check) {
    check_step(check, DTYPE_Q4_1, check->ref->step_q4_1, check->test->step_q4_1);
}
void check_step_q4_k(struct check *check) {
    check_step(check, DTYPE_Q4_K, check->ref->step_q4_k, check->test->step_q4_k);
}
void check_step_q5_0(struct check *check) {
    check_step(check, DTYPE_Q5_0, check->ref->step_q5_0, check->test->step_q5_0);
}
void check_step_q5_1(struct check *check) {
    check_step(check, DTYPE_Q5_1, check->ref->step_q5_1, check->test->step_q5_1);
}
void check_step_q5_k(struct check *check) {
    check_step(check, DTYPE_Q5_K, check->ref->step_q5_k, check->test->step_q5_k);
}
void check_step_q6_k(struct check *check) {
    check_step(check, DTYPE_Q6_K, check->ref->step_q6_k, check->test->step_q6_k);
}

/* ---- speed ---- */

enum { MOST_ROWS = 128 };

struct steps { /* weights from memory, part by part, over and over */
    step_fn *step;
    struct weight weight;
    int64_t at, bytes, part, rows;
    const unsigned char *memory, *x;
    float out[MOST_ROWS * PANEL];
};

static void steps_part(void *argument) {
    struct steps *s = argument;
    s->weight.data = s->memory + s->at;
    for (int64_t n0 = 0; n0 < s->weight.rows; n0 += PANEL) s->step(&s->weight, n0, s->x, s->rows, s->out);
    s->at = s->at + 2 * s->part <= s->bytes ? s->at + s->part : 0;
}

static void bench_steps(struct check *check, enum dtype dtype, step_fn *step, int64_t cols, int64_t rows,
                        bool cached, bool records) {
    struct steps s = { .step = step, .rows = rows };
    s.memory = check_memory(&s.bytes);
    if (cached) s.bytes = (int64_t)1 << 20;
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    int64_t row_bytes = cols / elements * bytes;
    s.part = (int64_t)(cached || check->test->level == LEVEL_REF ? 1 : 64) << 20;
    s.weight = (struct weight){ .dtype = dtype, .cols = cols, .row_stride = row_bytes };
    s.weight.rows = s.part / row_bytes / PANEL * PANEL;
    s.weight.records = records;
    s.x = quantised_rows(check, DATA_NORMAL, rows, cols, false);
    char shape[64];
    snprintf(shape, sizeof shape, "%ld row%s, K %ld%s%s", (long)rows, rows > 1 ? "s" : "", (long)cols,
             records ? ", records" : "", cached ? ", cached" : "");
    double seconds = check_seconds(steps_part, &s);
    double weights = (double)(s.weight.rows * row_bytes),
           operations = 2.0 * (double)(s.weight.rows * cols * rows);
    if (rows < 8) check_rate(check, shape, weights, seconds, "GB/s", check_bandwidth());
    if (rows >= 8) check_rate(check, shape, operations, seconds, "GOP/s", 0);
    check_done(check);
}

static void bench_step(struct check *check, enum dtype dtype, step_fn *step) {
    static const struct {
        int64_t cols, rows;
        bool cached;
    } shapes[] = { { 1024, 1, false }, { 2048, 1, false }, { 3584, 1, false },  { 2048, 2, false },
                   { 2048, 4, false }, { 2048, 8, false }, { 2048, 16, false }, { 2048, 1, true },
                   { 2048, 4, true },  { 2048, 8, true },  { 2048, 16, true },  { 2048, 32, true },
                   { 2048, 128, true } };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        for (int records = 0; records < 2; records++)
            bench_steps(check, dtype, step, shapes[i].cols, shapes[i].rows, shapes[i].cached, records);
}

void bench_step_q8_0(struct check *check) {
    bench_step(check, DTYPE_Q8_0, check->test->step_q8_0);
}
void bench_step_q4_0(struct check *check) {
    bench_step(check, DTYPE_Q4_0, check->test->step_q4_0);
}
void bench_step_q4_1(struct check *check) {
    bench_step(check, DTYPE_Q4_1, check->test->step_q4_1);
}
void bench_step_q4_k(struct check *check) {
    bench_step(check, DTYPE_Q4_K, check->test->step_q4_k);
}
void bench_step_q5_0(struct check *check) {
    bench_step(check, DTYPE_Q5_0, check->test->step_q5_0);
}
void bench_step_q5_1(struct check *check) {
    bench_step(check, DTYPE_Q5_1, check->test->step_q5_1);
}
void bench_step_q5_k(struct check *check) {
    bench_step(check, DTYPE_Q5_K, check->test->step_q5_k);
}
void bench_step_q6_k(struct check *check) {
    bench_step(check, DTYPE_Q6_K, check->test->step_q6_k);
}

struct quantising {
    const struct kernels *kernels;
    float *x, *scale;
    int8_t *q;
    int32_t *sum;
};
enum { ROW = 4096 };

static void quantise_once(void *argument) {
    struct quantising *b = argument;
    b->kernels->quantise(b->x, ROW, b->q, b->scale, b->sum);
}

void bench_quantise(struct check *check) {
    struct quantising b = { .kernels = check->test };
    b.x = check_input(check, ROW * 4);
    b.q = check_output(check, ROW);
    b.scale = check_output(check, ROW / 8);
    b.sum = check_output(check, ROW / 8);
    check_fill(check, DATA_NORMAL, b.x, ROW);
    check_rate(check, "4096 of F32", ROW, check_seconds(quantise_once, &b), "Gelem/s", 0);
    check_done(check);
}
