/*
 * Dispatch and combine: every assignment has a row, rows are sorted by expert and keep their tokens' order,
 * and the two are adjoint.
 */
#include "moe/combine.h"
#include "moe/dispatch.h"

#include "base/random.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 57, E = 11, K = 3, D = 37, R = T * K };

struct pair {
    void *memory;
    struct kernels kernels;
    struct routing routing;
    const float *x, *r;
    int64_t steps;
    float rows[R * D], back[T * D], forth[T * D];
    struct grouping grouping;
};

static struct rows view(const float *at, int64_t count) {
    return rows_over((float *)(uintptr_t)at, count, D);
}

static void both_ways(struct team *team, void *argument) {
    struct pair *p = argument;
    struct exec exec = exec_host(team, &p->kernels, &(struct numerics){ 0 }, p->memory, 1 << 20);
    struct dispatched d = dispatch_forward(&exec, &p->routing, p->steps, false, view(p->x, T));
    const struct grouping *g = &d.grouping;
    combine_forward(&exec, &p->routing, g, true, view(p->r, g->rows), view(p->back, T)); /* unit weights */
    combine_forward(&exec, &p->routing, g, false, d.rows, view(p->forth, T)); /* identity experts */
    op_copy(&exec, d.rows, view(p->rows, g->rows));
    if (team->rank == 0) p->grouping = *g;
}

static void random_choices(struct random *random, int32_t *ids, float *weights, int32_t *counts) {
    for (int t = 0; t < T; t++) {
        counts[t] = (int32_t)random_below(random, K + 1); /* none is possible */
        for (int j = 0; j < K; j++) {
            bool taken;
            do {
                ids[t * K + j] = (int32_t)random_below(random, E);
                taken = false;
                for (int i = 0; i < j; i++) taken |= ids[t * K + i] == ids[t * K + j];
            } while (taken);
            weights[t * K + j] = (float)random_unit(random);
        }
    }
}

TEST(dispatch_and_combine_are_adjoint) {
    struct pair *p = calloc(1, sizeof *p);
    float *x = malloc(T * D * sizeof *x), *r = malloc(R * D * sizeof *r), weights[R];
    int32_t ids[R], counts[T];
    assert_int_equal(posix_memalign(&p->memory, 64, 1 << 20), 0);
    for (uint64_t seed = 0; seed < 24; seed++) {
        struct random random = random_seed(seed);
        struct team_pool *pool;
        p->kernels = kernels_select(seed % 2 ? LEVEL_REF : level_of_machine());
        for (int i = 0; i < T * D; i++) x[i] = (float)random_normal(&random);
        for (int i = 0; i < R * D; i++) r[i] = (float)random_normal(&random);
        random_choices(&random, ids, weights, counts);
        int64_t begin[T + 1], n = 0;
        for (int64_t t = 0; t < T; t++) { /* those that count, side by side */
            begin[t] = n;
            for (int64_t j = 0; j < (seed % 3 ? counts[t] : K); j++, n++) {
                ids[n] = ids[t * K + j];
                weights[n] = weights[t * K + j];
            }
        }
        begin[T] = n;
        p->routing = (struct routing){ .tokens = T,
                                       .experts = E,
                                       .assignments = n,
                                       .most = K,
                                       .assignment_begin = begin,
                                       .expert_id = ids,
                                       .weight = rows_over(weights, n, 1) };
        p->x = x, p->r = r;
        p->steps = (int64_t)random_below(&random, T + 1);
        assert_true(team_pool_open(1 + (int)(seed % 4), &pool, NULL));
        team_run(pool, both_ways, p);

        const struct grouping *m = &p->grouping;
        assert_int_equal(m->rows, n);
        bool seen[R] = { false };
        for (int64_t t = 0; t < T; t++)
            for (int64_t a = begin[t]; a < begin[t + 1]; a++) {
                int64_t row = m->row_of[a], e = ids[a];
                assert_in_range(row, m->expert_begin[e], m->expert_begin[e + 1] - 1);
                assert_false(seen[row]);
                seen[row] = true;
                assert_int_equal(m->source[row], t);
                assert_int_equal(m->assignment[row], a);
                assert_memory_equal(p->rows + row * D, x + t * D, D * sizeof *x);
            }
        for (int64_t e = 0; e < E; e++)
            for (int64_t row = m->expert_begin[e]; row < m->expert_begin[e + 1]; row++)
                assert_true((m->source[row] < p->steps) == (row - m->expert_begin[e] < m->expert_steps[e]));
        for (int64_t e = 0; e < E; e++)
            for (int64_t row = m->expert_begin[e] + 1; row < m->expert_begin[e + 1]; row++)
                assert_true(m->source[row - 1] < m->source[row]);
        double left = 0, right = 0; /* <dispatch(x), r> == <x, combine(r, 1)> */
        for (int64_t i = 0; i < m->rows * D; i++) left += (double)p->rows[i] * r[i];
        for (int64_t i = 0; i < T * D; i++) right += (double)x[i] * p->back[i];
        assert_true(fabs(left - right) < 1e-4 * (1 + fabs(left)));
        for (int64_t t = 0; t < T; t++) { /* identity experts: x times the sum of its weights */
            double sum = 0;
            for (int64_t a = begin[t]; a < begin[t + 1]; a++) sum += weights[a];
            for (int i = 0; i < D; i++)
                assert_true(fabs(p->forth[t * D + i] - sum * x[t * D + i]) <
                            1e-5 * (1 + fabs(sum * x[t * D + i])));
        }
        team_pool_close(pool);
    }
    free(p->memory), free(p), free(x), free(r);
}

/* ---- many assignments ---- */

enum { MANY = 6000, MANY_E = 64, MANY_K = 4 };

struct sorted {
    struct kernels kernels;
    struct routing routing;
    void *memory;
    int64_t bytes, begin[MANY_E + 1], steps[MANY_E], row_of[MANY * MANY_K], source[MANY * MANY_K];
    float x[MANY], rows[MANY * MANY_K];
};

static void sort_many(struct team *team, void *argument) {
    struct sorted *s = argument;
    struct exec exec = exec_host(team, &s->kernels, &(struct numerics){ 0 }, s->memory, s->bytes);
    struct dispatched d = dispatch_forward(&exec, &s->routing, 1700, true, rows_over(s->x, MANY, 1));
    if (team->rank != 0) return;
    memcpy(s->begin, d.grouping.expert_begin, sizeof s->begin);
    memcpy(s->steps, d.grouping.expert_steps, sizeof s->steps);
    memcpy(s->row_of, d.grouping.row_of, sizeof s->row_of);
    memcpy(s->source, d.grouping.source, sizeof s->source);
    memcpy(s->rows, d.rows.at, sizeof s->rows);
}

/* Sorted by all threads, the grouping is the one that a single thread makes. */
TEST(dispatch_of_many_does_not_know_its_threads) {
    struct sorted *one = calloc(1, sizeof *one), *other = calloc(1, sizeof *other);
    int32_t *ids = malloc(MANY * MANY_K * sizeof *ids);
    int64_t *begin = malloc((MANY + 1) * sizeof *begin);
    float *weights = malloc(MANY * MANY_K * sizeof *weights);
    struct random random = random_seed(3);
    for (int64_t t = 0; t <= MANY; t++) begin[t] = t * MANY_K;
    for (int64_t a = 0; a < MANY * MANY_K; a++) { /* some experts get nothing */
        ids[a] = (int32_t)(random_below(&random, MANY_E / MANY_K - 1) * MANY_K + (uint64_t)(a % MANY_K));
        weights[a] = (float)random_unit(&random);
    }
    one->bytes = 16 << 20;
    assert_int_equal(posix_memalign(&one->memory, 64, (size_t)one->bytes), 0);
    one->kernels = kernels_select(level_of_machine());
    one->routing = (struct routing){ .tokens = MANY,
                                     .experts = MANY_E,
                                     .assignments = MANY * MANY_K,
                                     .most = MANY_K,
                                     .assignment_begin = begin,
                                     .expert_id = ids,
                                     .weight = rows_over(weights, MANY * MANY_K, 1) };
    for (int64_t t = 0; t < MANY; t++) one->x[t] = (float)random_normal(&random);
    memcpy(other, one, sizeof *one);
    for (int threads = 1; threads <= 5; threads++) {
        struct team_pool *pool;
        assert_true(team_pool_open(threads, &pool, NULL));
        team_run(pool, sort_many, threads == 1 ? one : other);
        team_pool_close(pool);
        if (threads == 1) continue;
        assert_memory_equal(other->begin, one->begin, sizeof one->begin);
        assert_memory_equal(other->steps, one->steps, sizeof one->steps);
        assert_memory_equal(other->row_of, one->row_of, sizeof one->row_of);
        assert_memory_equal(other->source, one->source, sizeof one->source);
        assert_memory_equal(other->rows, one->rows, sizeof one->rows);
    }
    for (int64_t a = 0; a < MANY * MANY_K; a++) /* the router's weight on its input */
        assert_true(one->rows[one->row_of[a]] == one->x[a / MANY_K] * weights[a]);
    free(one->memory), free(one), free(other), free(ids), free(begin), free(weights);
}
