/*
 * For the tests of attention: a sequence with its pages, attention over it in any cut, and the same in plain
 * float64. Rows of the cache that are not written yet hold NaN.
 */
#ifndef KERNELS_ATTENTION_ATTENTION_TEST_H
#define KERNELS_ATTENTION_ATTENTION_TEST_H

#include "base/checked.h"
#include "base/random.h"
#include "kernels/run_test.h"

#include <math.h>
#include <string.h>

enum { PAGES = 4, ROWS_MAX = 700 };

/* A sequence: its pages, what they hold as numbers, and a query for every position. */
struct sequence {
    struct attention_op op;
    int64_t length;
    const void *pages[PAGES];
    double *keys, *values; /* [length][kv_heads][width] */
    float *q, *out;        /* [length][heads * width] */
    float *softmax;        /* [length][2 * heads], or NULL: not asked for */
    bool expand;
    struct numerics numerics;
};

static inline void *room(int64_t count, size_t size) {
    void *memory = calloc((size_t)count + 1, size);
    assert_non_null(memory);
    return memory;
}

static inline float *random_floats(struct random *random, int64_t count) {
    float *x = room(count, sizeof *x);
    for (int64_t i = 0; i < count; i++) x[i] = (float)random_normal(random);
    return x;
}

/* One plane of the pages (keys or values), each head in one piece. */
struct plane {
    int64_t offset, stride, head_stride, heads, width;
};

static inline struct plane keys_of(const struct sequence *s) {
    return (struct plane){ 0, s->op.key_stride, s->op.key_head_stride, s->op.kv_heads, s->op.key_width };
}

static inline struct plane values_of(const struct sequence *s) {
    return (struct plane){ s->op.value_offset, s->op.value_stride, s->op.value_head_stride, s->op.kv_heads,
                           s->op.value_width };
}

/* Where head h of position j lies. */
static inline char *place_of(const struct sequence *s, const struct plane *plane, int64_t j, int64_t h) {
    return (char *)s->pages[j / ATTENTION_BLOCK] + plane->offset + h * plane->head_stride +
           j % ATTENTION_BLOCK * plane->stride;
}

/* Random numbers into a plane; returned as the pages hold them. What lies behind the last stays NaN. */
static inline double *fill_plane(struct sequence *s, struct random *random, const struct plane *plane) {
    int64_t heads = plane->heads, width = plane->width;
    double *plain = room(s->length * heads * width, sizeof *plain);
    float *row = room(width, sizeof *row);
    struct kernels ref = kernels_select(LEVEL_REF);
    for (int64_t j = 0; j < s->length; j++)
        for (int64_t h = 0; h < heads; h++) {
            char *at = place_of(s, plane, j, h);
            for (int64_t i = 0; i < width; i++) row[i] = (float)random_normal(random);
            ref.pack_row(s->op.kv, row, width, at);
            for (int64_t i = 0; i < width; i++)
                plain[(j * heads + h) * width + i] = dtype_get(s->op.kv, at, i);
        }
    free(row);
    return plain;
}

static inline struct sequence sequence_open(struct attention_op op, int64_t length, uint64_t seed) {
    struct random random = random_seed(seed);
    struct sequence s = { .op = op, .length = length, .numerics = { .compute = COMPUTE_F32, .kv = op.kv } };
    int64_t elements, unit;
    dtype_unit(op.kv, &elements, &unit);
    s.op.key_stride = ceil_div(op.key_width, elements) * unit;
    s.op.value_stride = ceil_div(op.value_width, elements) * unit;
    s.op.key_head_stride = ATTENTION_BLOCK * s.op.key_stride;
    s.op.value_head_stride = ATTENTION_BLOCK * s.op.value_stride;
    s.op.value_offset = op.kv_heads * s.op.key_head_stride;
    size_t bytes = (size_t)(op.kv_heads * (s.op.key_head_stride + s.op.value_head_stride));
    for (int64_t p = 0; p * ATTENTION_BLOCK < length; p++)
        s.pages[p] = memset(room((int64_t)bytes, 1), 0xff, bytes);
    struct plane keys = keys_of(&s), values = values_of(&s);
    s.keys = fill_plane(&s, &random, &keys);
    s.values = fill_plane(&s, &random, &values);
    s.q = random_floats(&random, length * op.heads * op.key_width);
    s.out = room(length * op.heads * op.value_width, sizeof *s.out);
    return s;
}

static inline void sequence_close(struct sequence *s) {
    for (int p = 0; p < PAGES; p++) free((void *)s->pages[p]);
    free(s->keys), free(s->values), free(s->q), free(s->out), free(s->softmax);
}

/* ---- the operation ---- */

struct call {
    const struct sequence *sequence;
    const struct attention_run *runs;
    int64_t run_count;
    struct rows q, out, softmax;
    void *scratch;
};

static inline void attend_in_thread(struct exec *exec, void *argument) {
    const struct call *c = argument;
    exec->numerics = c->sequence->numerics;
    op_attention(exec, &c->sequence->op, c->runs, c->run_count, c->q, c->out, c->softmax, c->scratch);
}

static inline void attend_runs(const struct sequence *s, const struct attention_run *runs, int64_t run_count,
                               int threads, enum level level) {
    int64_t bytes = attention_bytes(&s->op, threads);
    int64_t key = s->expand ? s->op.expanded_key_width : s->op.key_width,
            value = s->expand ? s->op.expanded_value_width : s->op.value_width;
    struct call call = { s, runs, run_count, .scratch = memset(room(bytes, 1), 0xff, (size_t)bytes) };
    call.q = rows_over(s->q, s->length, s->op.heads * key);
    call.out = rows_over(s->out, s->length, s->op.heads * value);
    if (s->softmax) call.softmax = rows_over(s->softmax, s->length, 2 * s->op.heads);
    memset(s->out, 0xff, (size_t)(s->length * call.out.stride) * sizeof(float));
    op_run(threads, level, attend_in_thread, &call);
    free(call.scratch);
}

/* All rows, cut into runs of `piece`. */
static inline void attend_cut(const struct sequence *s, int64_t piece, int threads, enum level level) {
    struct attention_run runs[ROWS_MAX];
    int64_t count = 0;
    for (int64_t row = 0; row < s->length; row += piece, count++)
        runs[count] =
            (struct attention_run){ row, min_i64(piece, s->length - row), row, s->pages, s->expand };
    attend_runs(s, runs, count, threads, level);
}

/* ---- what it should give ---- */

static inline bool sees(const struct attention_op *op, int64_t i, int64_t j) {
    return j <= i && (op->window == 0 || j > i - op->window) &&
           (op->chunk == 0 || j / op->chunk == i / op->chunk);
}

/* Scaled and capped scores of query row i, head h: their maximum over what it sees, its sink included. */
static inline double plain_scores(const struct attention_op *op, const double *keys, const float *q,
                                  int64_t i, int64_t h, double *score) {
    int64_t shared = h / (op->heads / op->kv_heads);
    double max = op->sinks ? op->sinks[h] : -INFINITY;
    for (int64_t j = 0; j <= i; j++) {
        const double *key = keys + (j * op->kv_heads + shared) * op->key_width;
        score[j] = 0;
        for (int64_t c = 0; c < op->key_width; c++)
            score[j] += q[(i * op->heads + h) * op->key_width + c] * key[c];
        score[j] *= op->scale;
        if (op->cap > 0) score[j] = op->cap * tanh(score[j] / op->cap);
        if (sees(op, i, j)) max = fmax(max, score[j]);
    }
    return max;
}

static inline void plain_softmax(const struct attention_op *op, const double *keys, const float *q, int64_t i,
                                 int64_t h, double *max, double *sum) {
    double score[ROWS_MAX];
    *max = plain_scores(op, keys, q, i, h, score);
    *sum = op->sinks ? exp(op->sinks[h] - *max) : 0;
    for (int64_t j = 0; j <= i; j++)
        if (sees(op, i, j)) *sum += exp(score[j] - *max);
}

/* out[value_width] of query row i, head h, in float64. */
static inline void plain_row(const struct attention_op *op, const double *keys, const double *values,
                             const float *q, int64_t i, int64_t h, double *out) {
    int64_t shared = h / (op->heads / op->kv_heads);
    double score[ROWS_MAX], max = plain_scores(op, keys, q, i, h, score), sum = 0;
    if (op->sinks) sum = exp(op->sinks[h] - max);
    for (int64_t c = 0; c < op->value_width; c++) out[c] = 0;
    for (int64_t j = 0; j <= i; j++) {
        if (!sees(op, i, j)) continue;
        double weight = exp(score[j] - max);
        sum += weight;
        const double *value = values + (j * op->kv_heads + shared) * op->value_width;
        for (int64_t c = 0; c < op->value_width; c++) out[c] += weight * value[c];
    }
    for (int64_t c = 0; c < op->value_width; c++) out[c] /= sum;
}

static inline void assert_near_plain(const struct attention_op *op, const double *keys, const double *values,
                                     const float *q, const float *out, int64_t length) {
    int64_t width = op->heads * op->value_width;
    float *want = room(width, sizeof *want);
    for (int64_t i = 0; i < length; i += i < 300 || i > length - 40 ? 1 : 13) {
        for (int64_t h = 0; h < op->heads; h++) {
            double row[1024];
            plain_row(op, keys, values, q, i, h, row);
            for (int64_t c = 0; c < op->value_width; c++) want[h * op->value_width + c] = (float)row[c];
        }
        assert_near(out + i * width, want, (size_t)width, 1e-5);
    }
    free(want);
}

/* Where levels begin. The reference kernels are slow, and ten times as slow under a sanitizer: there only the
 * long run (SY_LONG) takes attention through them. */
static inline enum level first_level(void) {
    bool spared = TEST_SANITIZED && !getenv("SY_LONG") && level_of_machine() > LEVEL_REF;
    return spared ? LEVEL_AVX2 : LEVEL_REF;
}

/* Everything at once, then every other way: the same bits. */
static inline void assert_cut_is_free(struct sequence *s) {
    int64_t width = s->expand ? s->op.expanded_value_width : s->op.value_width;
    size_t count = (size_t)(s->length * s->op.heads * width);
    attend_cut(s, s->length, 1, level_of_machine());
    float *want = memcpy(room((int64_t)count, sizeof *want), s->out, count * sizeof *want);
    static const struct {
        int64_t piece;
        int threads;
    } ways[] = { { 1, 1 }, { 1, 5 }, { 3, 2 }, { 16, 1 }, { 64, 3 }, { 100, 2 }, { 257, 5 }, { 1000, 2 } };
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
        for (enum level level = w == 3 || w == 6 ? first_level() : LEVEL_AVX2; level <= level_of_machine();
             level++) {
            attend_cut(s, ways[w].piece, ways[w].threads, level);
            assert_same_bits(s->out, want, count);
        }
    free(want);
}

#endif
