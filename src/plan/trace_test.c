/*
 * Traces and what is made of them, against brute force.
 */
#include "base/random.h"
#include "plan/plan_test.h"

#include <math.h>
#include <string.h>

enum { E = 8, K = 2, LAYERS = 3, TOKENS = 200 };

static void small_spec(struct spec *spec, struct arena *arena) {
    spec_init(spec);
    arena_open(arena);
    assert_true(spec_layers(spec, arena, LAYERS, NULL));
    for (int l = 0; l < LAYERS; l++) spec->decoder.layers[l].ffn = FFN_MOE;
    spec->router.experts = E;
    spec->router.top_k = K;
}

/* Expert 0 is chosen most, and neighbours often choose alike. */
static void random_trace(struct trace *trace, uint64_t seed) {
    struct random r = random_seed(seed);
    for (int64_t p = 0; p < TOKENS; p++)
        for (int64_t l = 0; l < LAYERS; l++) {
            bool again = p > 0 && random_unit(&r) < 0.5;
            int64_t first =
                again ? trace_choice(trace, p - 1, l)[0] : (int64_t)(E * random_unit(&r) * random_unit(&r));
            int64_t second = (first + 1 + (int64_t)random_below(&r, E - 1)) % E;
            assert_true(trace_set(trace, p, l, 0, first) && trace_set(trace, p, l, 1, second));
        }
}

/* An LRU of `size` experts, kept as a plain list. */
static double plain_lru(const struct trace *trace, int64_t size) {
    int64_t hits = 0, total = 0;
    for (int64_t l = 0; l < LAYERS; l++) {
        int32_t held[E];
        int64_t used = 0;
        for (int64_t p = 0; p < TOKENS; p++)
            for (int64_t k = 0; k < K; k++, total++) {
                int32_t id = trace_choice(trace, p, l)[k];
                int64_t at = 0;
                while (at < used && held[at] != id) at++;
                hits += at < used;
                if (size == 0) continue;
                if (at == used && used < size) used++;
                if (at >= size) at = size - 1;
                memmove(held + 1, held, (size_t)at * sizeof *held);
                held[0] = id;
            }
    }
    return (double)hits / (double)total;
}

TEST(one_replay_gives_every_cache) {
    struct arena arena;
    struct spec spec;
    struct trace trace;
    double *hits;
    small_spec(&spec, &arena);
    assert_true(trace_open(&spec, TOKENS, &arena, &trace, NULL));
    random_trace(&trace, 3);
    assert_true(trace_lru(&trace, &arena, &hits, NULL));
    for (int64_t c = 0; c <= E; c++)
        if (fabs(hits[c] - plain_lru(&trace, c)) > 1e-12)
            fail_msg("cache of %lld: %g, not %g", (long long)c, hits[c], plain_lru(&trace, c));
    assert_true(hits[0] <= 0 && hits[E] > 0.97);
    arena_close(&arena);
}

TEST(experts_touched_by_formula_and_by_counting) {
    struct arena arena;
    struct spec spec;
    struct trace trace;
    struct random r = random_seed(5);
    int64_t distinct = 0;
    const int trials = 20000, batch = 5;
    for (int t = 0; t < trials; t++) { /* 5 tokens choose 2 of 8 */
        unsigned seen = 0;
        for (int i = 0; i < batch; i++) {
            unsigned first = (unsigned)random_below(&r, E);
            unsigned second = (first + 1 + (unsigned)random_below(&r, E - 1)) % E;
            seen |= 1u << first | 1u << second;
        }
        distinct += __builtin_popcount(seen);
    }
    assert_close(experts_touched(E, K, batch), (double)distinct / trials, 0.01);
    assert_close(experts_touched(E, K, 1), K, 1e-12);
    assert_close(experts_touched(E, E, 1), E, 1e-12);
    assert_close(experts_touched(65536, 1, 1), 1, 1e-9);
    small_spec(&spec, &arena);
    assert_true(trace_open(&spec, TOKENS, &arena, &trace, NULL));
    random_trace(&trace, 4);
    assert_close(experts_touched_trace(&trace, 1), K, 1e-12);
    assert_true(experts_touched_trace(&trace, 4) < experts_touched(E, K, 4)); /* skewed: fewer */
    assert_close(experts_touched_together(&trace, 1), K, 1e-12);
    double both = experts_touched_together(&trace, 2); /* neighbours choose alike: fewer still */
    assert_true(both > K && both < experts_touched_trace(&trace, 2));
    arena_close(&arena);
}

static bool parse(const char *text, struct trace *trace, struct sy_error *err) {
    struct arena arena;
    struct spec spec;
    small_spec(&spec, &arena);
    memset(err, 0, sizeof *err);
    bool ok = trace_parse(text, (int64_t)strlen(text), &spec, &arena, trace, err);
    arena_close(&arena);
    return ok;
}

TEST(a_trace_is_checked_against_the_model) {
    struct trace trace;
    struct sy_error err;
    assert_true(parse("{\"routing\":{\"choices\":[[[0,1],[2,3],[4,7]]]},\"tokens\":[]}", &trace, &err));
    assert_int_equal(trace.positions, 1);
    assert_true(parse("{\"choices\":[[[0],[],[7]],[[1,0],[2,3],[4,5]]]}", &trace, &err));
    static const char *const bad[] = { "{}",
                                       "[]",
                                       "{\"choices\":3}",
                                       "{\"choices\":[]}",
                                       "{\"choices\":[[[0,1]]]}",
                                       "{\"choices\":[[[0,8],[0],[0]]]}",
                                       "{\"choices\":[[[0,-1],[0],[0]]]}",
                                       "{\"choices\":[[[0,0],[0],[0]]]}",
                                       "{\"choices\":[[[0,1,2],[0],[0]]]}",
                                       "{\"choices\":[[[0.5,1],[0],[0]]]}",
                                       "{\"choices\":[[[\"0\"],[0],[0]]]}",
                                       "{" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (parse(bad[i], &trace, &err)) fail_msg("%s passed", bad[i]);
        assert_true(err.message[0]);
    }
}
