/*
 * What holds of every draw: greedy, log-probabilities, refusals, large vocabularies, time.
 */
#include "base/os.h"
#include "base/random.h"
#include "engine/sampler.h"
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct sampler *open_sampler(int64_t vocab) {
    struct sampler *sampler;
    struct sy_error err = { 0 };
    if (!sampler_open(vocab, &sampler, &err)) fail_msg("%s", err.message);
    return sampler;
}

static struct drawn draw_once(struct sampler *sampler, const struct draw *d) {
    struct drawn drawn;
    struct sy_error err = { 0 };
    if (!sampler_draw(sampler, d, &drawn, &err)) fail_msg("%s", err.message);
    return drawn;
}

TEST(greedy_takes_the_largest_and_of_equals_the_lower_id) {
    float logits[70];
    struct sampler *sampler = open_sampler(70);
    struct sy_sampling greedy = { .top_k = 3, .top_p = 0.5, .seed = 9 };
    struct draw d = { &greedy, logits, NULL, 0, 0, false };
    for (int best = 0; best < 70; best++) {
        for (int i = 0; i < 70; i++) logits[i] = i == best || i == 69 ? -2 : -3;
        assert_int_equal(draw_once(sampler, &d).token.token, best);
    }
    for (int i = 0; i < 70; i++) logits[i] = i == 31 ? -FLT_MAX : -INFINITY;
    assert_int_equal(draw_once(sampler, &d).token.token, 31);
    sampler_close(sampler);
}

/* Penalties and biases act on greedy too, and nothing stays behind for the next draw. */
TEST(greedy_hears_penalties_and_biases) {
    float logits[8] = { 5, 4, 3.5f, -1, 0, 0, 0, 0 };
    int64_t ids[] = { 0, 0, 1 };
    struct sampler *sampler = open_sampler(8);
    struct sy_logit_bias bias = { 3, 7 };
    struct sy_sampling plain = { 0 }, repeat = { .repeat_penalty = 2 },
                       presence = { .presence_penalty = 1.25 };
    struct sy_sampling frequency = { .frequency_penalty = 0.75 },
                       biased = { .biases = &bias, .bias_count = 1 };
    struct sy_sampling last = { .repeat_penalty = 2, .penalty_last = 1 };
    struct draw d = { &plain, logits, ids, 3, 0, false };
    const struct {
        const struct sy_sampling *sampling;
        int64_t prompt, want;
    } cases[] = {
        { &plain, 0, 0 },     { &repeat, 0, 2 }, /* 2.5, 2, 3.5 */
        { &repeat, 3, 2 },                       /* prompts count */
        { &presence, 0, 0 },                     /* 3.75, 2.75, 3.5 */
        { &presence, 2, 0 },                     /* 5 */
        { &frequency, 0, 0 },                    /* 3.5, 3.25, 3.5: the tie to the lower */
        { &frequency, 3, 0 },                    /* what was given does not count */
        { &biased, 0, 3 },                       /* 6 */
        { &last, 0, 0 },                         /* only the 1 is seen */
        { &plain, 0, 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        d.sampling = cases[i].sampling;
        d.prompt_count = cases[i].prompt;
        assert_int_equal(draw_once(sampler, &d).token.token, cases[i].want);
    }
    frequency.frequency_penalty = 0.76;
    d.sampling = &frequency;
    d.prompt_count = 0;
    assert_int_equal(draw_once(sampler, &d).token.token, 2);
    sampler_close(sampler);
}

/* Where a share is reached exactly, nothing more is kept; ties go to the lower ids. */
TEST(shares_that_are_reached_exactly) {
    float logits[8] = { 1, -INFINITY, 1, 1, 1, -INFINITY, -INFINITY, -INFINITY };
    struct sampler *sampler = open_sampler(8);
    const struct {
        struct sy_sampling sampling;
        int64_t kept;
    } cases[] = { { { .temperature = 1, .top_p = 0.5 }, 2 },
                  { { .temperature = 1, .top_p = 0.51 }, 3 },
                  { { .temperature = 1, .top_k = 3 }, 3 },
                  { { .temperature = 1, .min_p = 1 }, 4 },
                  { { .temperature = 1, .typical = 0.25 }, 1 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        static const int32_t rank[] = { 0, 2, 3, 4 };
        const int32_t *ids;
        struct draw d = { &cases[i].sampling, logits, NULL, 0, 0, false };
        draw_once(sampler, &d);
        assert_int_equal(sampler_kept(sampler, &ids), cases[i].kept);
        assert_memory_equal(ids, rank, (size_t)cases[i].kept * sizeof *ids);
    }
    sampler_close(sampler);
}

/* The same draw again gives the same token; another index or seed another one, sooner or later. */
TEST(a_draw_depends_on_seed_and_index_alone) {
    float logits[64];
    int64_t ids[64] = { 0 };
    struct sampler *one = open_sampler(64), *other = open_sampler(64);
    for (int i = 0; i < 64; i++) logits[i] = (float)(i % 5);
    int differ = 0;
    for (int i = 0; i < 60; i++) {
        struct sy_sampling s = { .temperature = 1, .seed = 5 }, t = { .temperature = 1, .seed = 6 };
        struct draw d = { &s, logits, ids, i + 2, 2, true }, e = { &s, logits, ids, i + 3, 3, false };
        int64_t token = draw_once(one, &d).token.token;
        assert_int_equal(draw_once(other, &e).token.token, token); /* another prompt length, same index */
        assert_int_equal(draw_once(one, &d).token.token, token);
        e.sampling = &t;
        differ += draw_once(other, &e).token.token != token;
    }
    assert_true(differ > 40);
    sampler_close(one);
    sampler_close(other);
}

TEST(log_probabilities_are_of_the_models_own_distribution) {
    enum { V = 500, N = SY_LOGPROBS_MAX };
    float logits[V];
    struct random random = random_seed(1);
    struct sampler *sampler = open_sampler(V);
    double total = 0;
    for (int i = 0; i < V; i++) logits[i] = (float)(random_normal(&random) * 4);
    logits[20] = logits[30]; /* a tie */
    for (int i = 0; i < V; i++) total += exp((double)logits[i]);
    int64_t ids[] = { 4, 4 };
    struct sy_sampling s = { .temperature = 3, .top_k = 400, .repeat_penalty = 3, .logprobs = N };
    for (s.seed = 0; s.seed < 50; s.seed++) {
        struct draw d = { &s, logits, ids, 2, 0, true };
        struct drawn drawn = draw_once(sampler, &d);
        assert_true(fabs(drawn.token.logprob - ((double)logits[drawn.token.token] - log(total))) < 2e-6);
        assert_int_equal(drawn.likeliest_count, N);
        for (int n = 0; n < N; n++) { /* exactly n tokens rank before number n */
            int64_t token = drawn.likeliest[n].token, before = 0;
            for (int64_t i = 0; i < V; i++)
                before += logits[i] > logits[token] || (logits[i] == logits[token] && i < token);
            assert_int_equal(before, n);
            assert_true(fabs(drawn.likeliest[n].logprob - ((double)logits[token] - log(total))) < 2e-6);
        }
    }
    /* Fewer than asked for where fewer are possible; none where none are asked for. */
    for (int i = 0; i < V; i++) logits[i] = i % 100 == 0 ? (float)i : -INFINITY;
    struct draw d = { &s, logits, ids, 2, 0, true };
    assert_int_equal(draw_once(sampler, &d).likeliest_count, 5);
    d.logprobs = false;
    assert_int_equal(draw_once(sampler, &d).likeliest_count, 0);
    assert_true(isnan(draw_once(sampler, &d).token.logprob));
    sampler_close(sampler);
}

TEST(logits_that_are_no_numbers_are_refused_by_name) {
    enum { V = 100 };
    float logits[V];
    struct drawn drawn;
    struct sampler *sampler = open_sampler(V);
    for (int kind = 0; kind < 3; kind++) {
        for (int greedy = 0; greedy < 2; greedy++) {
            struct sy_sampling s = { .temperature = greedy ? 0 : 1 };
            struct draw d = { &s, logits, NULL, 0, 0, false };
            struct sy_error err = { 0 };
            for (int i = 0; i < V; i++) logits[i] = kind == 2 ? -INFINITY : (float)i;
            if (kind < 2) logits[77] = kind ? INFINITY : NAN;
            assert_false(sampler_draw(sampler, &d, &drawn, &err));
            assert_int_equal(err.code, SY_ERR_NUMERIC);
            assert_non_null(strstr(err.message, kind < 2 ? "77" : "no logit"));
        }
    }
    sampler_close(sampler);
}

/* Values at the ends of what floats and options can say: some token that is possible comes out. */
TEST(extreme_logits_and_options_still_draw) {
    enum { V = 40 };
    static const double extremes[] = { 0, 1e-300, 1e-30, 1, 1e30, 1e300 };
    float logits[V];
    int64_t ids[V];
    struct random random = random_seed(2);
    struct sampler *sampler = open_sampler(V);
    for (int round = 0; round < 3000; round++) {
        struct sy_logit_bias biases[2] = { { 1, -1e30 }, { 2, 1e30 } };
        struct sy_sampling s = {
            .temperature = extremes[random_below(&random, 6)],
            .top_k = (int64_t)random_below(&random, 4) * (round % 7 ? 1 : INT64_MAX / 3),
            .top_p = (double)random_below(&random, 3) / 2,
            .min_p = (double)random_below(&random, 3) / 2,
            .typical = (double)random_below(&random, 3) / 2,
            .repeat_penalty = round % 3 ? 1e6 : 1e-6,
            .presence_penalty = round % 5 ? -1e6 : 1e6,
            .frequency_penalty = round % 2 ? 1e6 : 0,
            .biases = biases,
            .bias_count = (int64_t)random_below(&random, 3),
            .seed = (uint64_t)round,
        };
        struct sy_error err = { 0 };
        if (!sampling_check(&s, V, &err)) fail_msg("%s", err.message);
        for (int i = 0; i < V; i++) {
            static const float values[] = { -FLT_MAX, FLT_MAX, 0, -0.0f, 1e-40f, -INFINITY, 1, -88 };
            logits[i] = values[random_below(&random, i == 0 ? 5 : 8)];
            ids[i] = (int64_t)random_below(&random, V);
        }
        struct draw d = { &s, logits, ids, V, V / 2, round % 2 == 0 };
        int64_t token = draw_once(sampler, &d).token.token;
        assert_in_range(token, 0, V - 1);
        assert_true(logits[token] != -INFINITY);
    }
    sampler_close(sampler);
}

TEST(options_out_of_range_are_refused_by_name) {
    struct sy_logit_bias below = { -1, 0 }, above = { 50, 0 }, not_a_number = { 1, NAN };
    const struct {
        struct sy_sampling sampling;
        const char *named;
    } cases[] = {
        { { .temperature = -0.1 }, "temperature" },
        { { .temperature = NAN }, "temperature" },
        { { .temperature = INFINITY }, "temperature" },
        { { .top_k = -1 }, "top_k" },
        { { .top_p = 1.01 }, "top_p" },
        { { .top_p = -0.5 }, "top_p" },
        { { .top_p = NAN }, "top_p" },
        { { .min_p = 2 }, "min_p" },
        { { .typical = -1 }, "typical" },
        { { .typical = 1.5 }, "typical" },
        { { .repeat_penalty = -1 }, "repeat_penalty" },
        { { .repeat_penalty = INFINITY }, "repeat_penalty" },
        { { .presence_penalty = NAN }, "presence_penalty" },
        { { .frequency_penalty = -INFINITY }, "frequency_penalty" },
        { { .penalty_last = -5 }, "penalty_last" },
        { { .logprobs = SY_LOGPROBS_MAX + 1 }, "logprobs" },
        { { .logprobs = -1 }, "logprobs" },
        { { .bias_count = -1 }, "bias_count" },
        { { .bias_count = 1 }, "NULL" },
        { { .bias_count = 1, .biases = &below }, "-1" },
        { { .bias_count = 1, .biases = &above }, "50" },
        { { .bias_count = 1, .biases = &not_a_number }, "nan" },
    };
    struct sy_error err;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        memset(&err, 0, sizeof err);
        if (sampling_check(&cases[i].sampling, 50, &err)) fail_msg("case %zu is taken", i);
        assert_int_equal(err.code, SY_ERR_INPUT);
        if (!strstr(err.message, cases[i].named)) fail_msg("case %zu: %s", i, err.message);
    }
    struct sy_sampling later = { .reserved = { [7] = 1 } };
    assert_false(sampling_check(&later, 50, &err));
    assert_int_equal(err.code, SY_ERR_USAGE);
    struct sy_sampling ends = { .temperature = 0, .top_p = 1, .min_p = 1, .typical = 1, .logprobs = 64 };
    assert_true(sampling_check(&ends, 50, &err));
    assert_false(sampler_bytes(0, &(int64_t){ 0 }, &err));
    assert_false(sampler_bytes(INT64_MAX, &(int64_t){ 0 }, &err));
}

/* A vocabulary of 150,000, peaked as language is, flat, all equal, and one step: the same token as by
 * sorting, and in bounded time. (Times are shown with -v; the bound here only catches what is quadratic or
 * sorts.) */
static int falling(const void *left, const void *right) {
    float a = *(const float *)left, b = *(const float *)right;
    return a > b ? -1 : a < b;
}

TEST(large_vocabularies_take_bounded_time) {
    enum { V = 150000, ROUNDS = 20 };
    static const char *const shapes[] = { "peaked", "flat", "equal", "one step" };
    float *logits = malloc(V * sizeof *logits), *sorted = malloc(V * sizeof *sorted);
    struct sampler *sampler = open_sampler(V);
    struct random random = random_seed(6);
    for (int shape = 0; shape < 4; shape++) {
        for (int i = 0; i < V; i++) {
            double x = random_normal(&random);
            logits[i] = (float)(shape == 0 ? x * 2.5 : shape == 1 ? x * 1e-3 : shape == 2 ? 0 : i > 7);
            if (shape == 0 && i % 1000 == 0) logits[i] += 12;
        }
        static const struct sy_sampling all[] = { { .temperature = 1, .top_p = 0.95 },
                                                  { .temperature = 1, .top_k = 40 },
                                                  { .temperature = 1 },
                                                  { .temperature = 1, .typical = 0.9 },
                                                  { .temperature = 0 } };
        memcpy(sorted, logits, V * sizeof *sorted);
        qsort(sorted, V, sizeof *sorted, falling);
        for (size_t s = 0; s < sizeof all / sizeof all[0]; s++) {
            struct sy_sampling sampling = all[s];
            struct draw d = { &sampling, logits, NULL, 0, 0, false };
            double seconds = HUGE_VAL;
            for (sampling.seed = 0; sampling.seed < ROUNDS; sampling.seed++) {
                double start = os_seconds();
                draw_once(sampler, &d);
                seconds = fmin(seconds, os_seconds() - start);
            }
            print_message("%-8s top_p %g top_k %d typical %g temperature %g: %.3f ms\n", shapes[shape],
                          sampling.top_p, (int)sampling.top_k, sampling.typical, sampling.temperature,
                          seconds * 1e3);
            assert_true(seconds < 0.5);
        }
        struct sy_sampling plain = { .temperature = 1, .seed = 3 };
        struct draw d = { &plain, logits, NULL, 0, 0, false };
        double total = 0, sum = 0, u = random_unit_at(3, 0);
        for (int i = 0; i < V; i++) total += exp((double)(sorted[i] - sorted[0]));
        int at = -1;
        while (sum <= u * total) sum += exp((double)(sorted[++at] - sorted[0]));
        assert_true(fabsf(logits[draw_once(sampler, &d).token.token] - sorted[at]) < 1e-4f);
    }
    sampler_close(sampler);
    free(logits);
    free(sorted);
}
