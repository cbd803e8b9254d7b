/*
 * Routers against a plain reading of the rules in double, over random specs; and their own laws.
 */
#include "moe/router.h"

#include "base/random.h"
#include "test.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { T = 33, D = 24 };

struct routed { /* of one call */
    int64_t choices, experts;
    float logits[T * 64], weights[T * 64];
    int32_t ids[T * 64], counts[T];
};

struct call {
    struct tiny *tiny;
    const float *x;
    struct routed *out;
    void *memory;
};

static void route_in_team(struct team *team, void *argument) {
    struct call *c = argument;
    struct session *s = &c->tiny->session;
    struct exec exec = exec_host(team, &s->kernels, &s->numerics, c->memory, 1 << 20);
    const struct row_map map = row_map_of(T);
    struct routing routing =
        router_forward(&exec, &s->store, 0, &map, rows_over((float *)(uintptr_t)c->x, T, D));
    if (team->rank != 0) return;
    int64_t K = routing.most, E = routing.experts;
    const int64_t *begin = routing.assignment_begin;
    assert_true(begin[0] == 0 && begin[T] == routing.assignments);
    c->out->choices = K, c->out->experts = E;
    for (int64_t t = 0; t < T; t++) {
        size_t n = (size_t)(begin[t + 1] - begin[t]);
        c->out->counts[t] = (int32_t)n;
        memcpy(c->out->logits + t * E, routing_logits(&routing, t), (size_t)E * sizeof(float));
        memcpy(c->out->weights + t * K, routing_weights(&routing) + begin[t], n * sizeof(float));
        memcpy(c->out->ids + t * K, routing.expert_id + begin[t], n * sizeof(int32_t));
    }
}

static struct routed *route(const struct spec *spec, const float *x, struct tiny *tiny) {
    struct sy_error err = { 0 };
    struct tiny_run run = { .level = level_of_machine(), .threads = 2 };
    struct routed *out = calloc(1, sizeof *out);
    assert_true(tiny_open(tiny, spec, DTYPE_F32, &run, &err));
    struct call call = { tiny, x, out, NULL };
    assert_int_equal(posix_memalign(&call.memory, 64, 1 << 20), 0);
    team_run(tiny->session.team, route_in_team, &call);
    free(call.memory);
    return out;
}

static void random_rows(float *x, uint64_t seed) {
    struct random random = random_seed(seed);
    for (int i = 0; i < T * D; i++) x[i] = (float)random_normal(&random);
}

/* The rule, read plainly: masks, one maximum after the other. */
static void expect_row(const struct router_spec *r, const float *bias, const float *logits, double *weight) {
    int64_t E = r->experts;
    double score[64], biased[64], sum = 0, most = -INFINITY;
    for (int64_t e = 0; e < E; e++) most = fmax(most, logits[e]);
    for (int64_t e = 0; e < E; e++) sum += exp(logits[e] - most);
    for (int64_t e = 0; e < E; e++) {
        score[e] = r->score == SCORE_SOFTMAX   ? exp(logits[e] - most) / sum
                   : r->score == SCORE_SIGMOID ? 1 / (1 + exp(-(double)logits[e]))
                   : r->score == SCORE_RELU    ? fmax(logits[e], 0)
                                               : (double)logits[e];
        biased[e] = score[e] + (bias ? (double)bias[e] : 0);
        weight[e] = 0;
    }
    if (r->select == SELECT_TOP_K_IN_GROUPS) {
        int64_t size = E / r->groups;
        double group[64];
        bool kept[64] = { false };
        for (int64_t g = 0; g < r->groups; g++) {
            double first = -INFINITY, second = -INFINITY;
            for (int64_t e = g * size; e < (g + 1) * size; e++) {
                if (biased[e] > first)
                    second = first, first = biased[e];
                else if (biased[e] > second)
                    second = biased[e];
            }
            group[g] = r->group_score == GROUP_BEST_TWO ? first + second : first;
        }
        for (int64_t n = 0; n < r->groups_kept; n++) {
            int64_t best = -1;
            for (int64_t g = 0; g < r->groups; g++)
                if (!kept[g] && (best < 0 || group[g] > group[best])) best = g;
            kept[best] = true;
        }
        for (int64_t e = 0; e < E; e++)
            if (!kept[e / size]) biased[e] = r->group_mask_zero ? 0 : -INFINITY;
    }
    bool chosen[64] = { false };
    double total = 0, exponentials = 0;
    for (int64_t n = 0; n < r->top_k; n++) {
        int64_t best = -1;
        for (int64_t e = 0; e < E; e++)
            if (!chosen[e] && (best < 0 || biased[e] > biased[best])) best = e;
        chosen[best] = true;
        total += score[best];
        exponentials += exp(logits[best] - most);
    }
    for (int64_t e = 0; e < E; e++) {
        if (!chosen[e]) continue;
        double w = score[e];
        if (r->weigh == WEIGH_NORMALISED) w /= total + r->epsilon;
        if (r->weigh == WEIGH_SOFTMAX_OF_SELECTED) w = exp(logits[e] - most) / exponentials;
        if (r->weigh == WEIGH_SIGMOID_ON_INPUT) w = 1 / (1 + exp(-(double)logits[e]));
        weight[e] = w * r->scale;
    }
}

static void check_router(const struct spec *spec, uint64_t seed) {
    float x[T * D];
    struct tiny tiny;
    random_rows(x, seed);
    struct routed *got = route(spec, x, &tiny);
    const float *bias = store_vector(&tiny.session.store, 0, SLOT_SELECTION_BIAS);
    int64_t E = got->experts, K = got->choices;
    for (int t = 0; t < T; t++) {
        double want[64];
        expect_row(&spec->router, bias, got->logits + t * E, want);
        double sum = 0, expected = 0;
        for (int64_t j = 0; j < K; j++) {
            int32_t e = got->ids[t * K + j];
            assert_in_range(e, 0, E - 1);
            assert_true(fabs((double)got->weights[t * K + j] - want[e]) < 1e-5 * (1 + fabs(want[e])));
            if (j) assert_true(got->weights[t * K + j] <= got->weights[t * K + j - 1]);
            sum += got->weights[t * K + j];
        }
        for (int64_t e = 0; e < E; e++) expected += want[e];
        assert_true(fabs(sum - expected) < 1e-4 * (1 + fabs(expected))); /* nobody was left out */
    }
    free(got);
    tiny_close(&tiny);
}

TEST(routers_follow_the_plain_rule) {
    static const enum router_score scores[] = { SCORE_SOFTMAX, SCORE_SIGMOID, SCORE_RAW, SCORE_RELU };
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct random random = random_seed(seed);
        struct arena arena;
        struct spec spec;
        arena_open(&arena);
        tiny_spec(TINY_MIXTRAL, &arena, &spec);
        struct router_spec *r = &spec.router;
        r->groups = 1 + (int64_t)random_below(&random, 4);
        r->groups_kept = 1 + (int64_t)random_below(&random, (uint64_t)r->groups);
        int64_t size = 2 + (int64_t)random_below(&random, 9);
        r->experts = r->groups * size;
        r->top_k = 1 + (int64_t)random_below(&random, (uint64_t)(r->groups_kept * size));
        r->select = random_below(&random, 2) ? SELECT_TOP_K_IN_GROUPS : SELECT_TOP_K;
        r->score = scores[random_below(&random, 4)];
        r->weigh = (enum router_weigh)random_below(&random, 4);
        if (r->weigh == WEIGH_NORMALISED && (r->score == SCORE_RAW || r->score == SCORE_RELU))
            r->weigh = WEIGH_SCORE; /* sums of signs mean nothing, and of zeros neither */
        r->group_score = random_below(&random, 2) ? GROUP_BEST_TWO : GROUP_BEST;
        r->selection_bias = random_below(&random, 2);
        r->scale = 0.5 + random_unit(&random) * 3;
        r->epsilon = random_below(&random, 2) ? 0.1 : 0;
        check_router(&spec, seed);
        arena_close(&arena);
    }
}

TEST(mixtral_weights_equal_a_softmax_of_the_chosen) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    float x[T * D];
    random_rows(x, 4);
    arena_open(&arena);
    tiny_spec(TINY_MIXTRAL, &arena, &spec);
    struct routed *normalised = route(&spec, x, &tiny);
    tiny_close(&tiny);
    spec.router.score = SCORE_RAW;
    spec.router.weigh = WEIGH_SOFTMAX_OF_SELECTED;
    struct routed *softmax = route(&spec, x, &tiny);
    tiny_close(&tiny);
    assert_memory_equal(normalised->ids, softmax->ids, T * 2 * sizeof(int32_t));
    for (int i = 0; i < T * 2; i++) assert_true(fabsf(normalised->weights[i] - softmax->weights[i]) < 1e-6f);
    free(normalised), free(softmax);
    arena_close(&arena);
}

/* SparseMixer's weights are each close to 1 unless logits nearly tie: their sum lies in (1, 2]. */
TEST(sparse_mixer_weights_sum_between_one_and_two) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    float x[T * D];
    random_rows(x, 6);
    arena_open(&arena);
    tiny_spec(TINY_PHI, &arena, &spec);
    struct routed *got = route(&spec, x, &tiny);
    for (int t = 0; t < T; t++) {
        float sum = got->weights[2 * t] + got->weights[2 * t + 1];
        assert_true(sum > 0 && sum <= 2);
        assert_int_not_equal(got->ids[2 * t], got->ids[2 * t + 1]);
    }
    free(got);
    tiny_close(&tiny);
    arena_close(&arena);
}

TEST(top_p_takes_the_fewest_that_reach_p) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    float x[T * D];
    bool varies = false;
    random_rows(x, 9);
    arena_open(&arena);
    tiny_spec(TINY_TOP_P, &arena, &spec);
    struct routed *got = route(&spec, x, &tiny);
    for (int t = 0; t < T; t++) {
        const float *w = got->weights + t * got->choices;
        float sum = 0;
        for (int j = 0; j < got->counts[t]; j++) {
            assert_true(sum < 0.6f);
            sum += w[j];
        }
        assert_true(sum >= 0.6f);
        varies |= got->counts[t] != got->counts[0];
    }
    assert_true(varies);
    free(got);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* ReLU routing: whoever has a positive logit, be it nobody; the cap bends logits before. */
TEST(all_positive_takes_those_above_zero) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    float x[T * D], most = 0;
    bool varies = false;
    random_rows(x, 12);
    arena_open(&arena);
    tiny_spec(TINY_CAPPED, &arena, &spec);
    struct routed *got = route(&spec, x, &tiny);
    assert_int_equal(got->choices, got->experts);
    for (int t = 0; t < T; t++) {
        int positive = 0;
        for (int64_t e = 0; e < got->experts; e++) {
            positive += got->logits[t * got->experts + e] > 0;
            most = fmaxf(most, fabsf(got->logits[t * got->experts + e]));
        }
        assert_int_equal(got->counts[t], positive);
        for (int j = 0; j < positive; j++)
            assert_true(got->weights[t * got->choices + j] ==
                        got->logits[t * got->experts + got->ids[t * got->choices + j]]);
        varies |= positive != got->counts[0];
    }
    assert_true(varies);
    assert_true(most > 0.5f && most <= 0.7f); /* the cap */
    free(got);
    tiny_close(&tiny);
    arena_close(&arena);
}

/* SparseMixer's weights take the rules that other weights take. */
TEST(sparse_mixer_weights_are_normalised_and_scaled) {
    struct arena arena;
    struct spec spec;
    struct tiny tiny;
    float x[T * D];
    random_rows(x, 6);
    arena_open(&arena);
    tiny_spec(TINY_PHI, &arena, &spec);
    struct routed *plain = route(&spec, x, &tiny);
    tiny_close(&tiny);
    spec.router.scale = 3;
    struct routed *scaled = route(&spec, x, &tiny);
    tiny_close(&tiny);
    spec.router.weigh = WEIGH_NORMALISED;
    struct routed *normalised = route(&spec, x, &tiny);
    tiny_close(&tiny);
    for (int i = 0; i < T * 2; i++) assert_true(fabsf(scaled->weights[i] - 3 * plain->weights[i]) < 1e-5f);
    for (int t = 0; t < T; t++)
        assert_true(fabsf(normalised->weights[2 * t] + normalised->weights[2 * t + 1] - 3) < 1e-5f);
    free(plain), free(scaled), free(normalised);
    arena_close(&arena);
}
