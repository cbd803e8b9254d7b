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
    struct router_scratch router;
    const float *x, *r;
    int64_t steps;
    float rows[R * D], back[T * D], forth[T * D];
    struct dispatch_map map;
};

static void both_ways(struct team *team, void *argument) {
    struct pair *p = argument;
    struct exec exec = { .team = team, .kernels = &p->kernels };
    arena_over(&exec.arena, p->memory, 1 << 20);
    struct dispatch_map map = dispatch_map_take(&exec, T, E, K);
    dispatch_build(&exec, &p->router, T, p->steps, E, K, &map);
    dispatch_forward(&exec, &map, false, p->x, D, p->rows);
    combine_forward(&exec, &map, true, p->r, D, p->back);      /* unit weights */
    combine_forward(&exec, &map, false, p->rows, D, p->forth); /* identity experts */
    if (team->rank == 0) p->map = map;
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
        p->router =
            (struct router_scratch){ .ids = ids, .weights = weights, .counts = seed % 3 ? counts : NULL };
        p->x = x, p->r = r;
        p->steps = (int64_t)random_below(&random, T + 1);
        assert_true(team_pool_open(1 + (int)(seed % 4), &pool, NULL));
        team_run(pool, both_ways, p);

        const struct dispatch_map *m = &p->map;
        bool seen[R] = { false };
        for (int64_t t = 0; t < T; t++)
            for (int64_t a = m->assignment_begin[t]; a < m->assignment_begin[t + 1]; a++) {
                int64_t row = m->row_of[a], e = m->expert_id[a];
                assert_in_range(row, m->expert_begin[e], m->expert_begin[e + 1] - 1);
                assert_false(seen[row]);
                seen[row] = true;
                assert_int_equal(m->source[row], t);
                assert_memory_equal(p->rows + row * D, x + t * D, D * sizeof *x);
            }
        for (int64_t e = 0; e < E; e++)
            for (int64_t row = m->expert_begin[e]; row < m->expert_begin[e + 1]; row++)
                assert_true((m->source[row] < p->steps) == (row - m->expert_begin[e] < m->expert_steps[e]));
        for (int64_t e = 0; e < E; e++)
            for (int64_t row = m->expert_begin[e] + 1; row < m->expert_begin[e + 1]; row++)
                assert_true(m->source[row - 1] < m->source[row]);
        double left = 0, right = 0; /* <dispatch(x), r> == <x, combine(r, 1)> */
        for (int64_t i = 0; i < m->assignments * D; i++) left += (double)p->rows[i] * r[i];
        for (int64_t i = 0; i < T * D; i++) right += (double)x[i] * p->back[i];
        assert_true(fabs(left - right) < 1e-4 * (1 + fabs(left)));
        for (int64_t t = 0; t < T; t++) { /* identity experts: x times the sum of its weights */
            double sum = 0;
            for (int64_t a = m->assignment_begin[t]; a < m->assignment_begin[t + 1]; a++) sum += m->weight[a];
            for (int i = 0; i < D; i++)
                assert_true(fabs(p->forth[t * D + i] - sum * x[t * D + i]) <
                            1e-5 * (1 + fabs(sum * x[t * D + i])));
        }
        team_pool_close(pool);
    }
    free(p->memory), free(p), free(x), free(r);
}
