/*
 * The sampler against the obvious way of doing each thing (sort, sum, cut), and against what transformers'
 * processors keep (tests/golden/sampling.json, made by tools/golden/make_sampling.py).
 */
#include "base/json.h"
#include "base/random.h"
#include "engine/sampler.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- the plain reference ---- */

struct candidate {
    int64_t id;
    double z, p, off; /* logit; probability; distance of the surprise from the entropy */
    bool kept;
};

static int by_rank(const void *left, const void *right) {
    const struct candidate *a = left, *b = right;
    if (a->z != b->z) return a->z > b->z ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static int by_oddness(const void *left, const void *right) {
    const struct candidate *a = left, *b = right;
    if (a->kept != b->kept) return a->kept ? -1 : 1;
    if (a->off != b->off) return a->off < b->off ? -1 : 1;
    return a->id < b->id ? -1 : 1;
}

static void renormalize(struct candidate *all, int64_t count) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) sum += all[i].kept ? all[i].p : 0;
    for (int64_t i = 0; i < count; i++) all[i].p = all[i].kept ? all[i].p / sum : 0;
}

/* Of candidates in some order, keep the first ones until their probabilities reach `mass`. */
static void keep_until(struct candidate *all, int64_t count, double mass) {
    double sum = 0;
    for (int64_t i = 0; i < count; i++) {
        if (sum >= mass) all[i].kept = false;
        sum += all[i].p;
    }
    renormalize(all, count);
}

static void change_logits(struct candidate *all, const struct draw *d) {
    const struct sy_sampling *o = d->sampling;
    for (int64_t i = 0; i < o->bias_count; i++) all[o->biases[i].token].z += o->biases[i].bias;
    int64_t begin = o->penalty_last > 0 && d->id_count > o->penalty_last ? d->id_count - o->penalty_last : 0;
    for (int64_t id = 0; id < 1 << 20; id++) {
        int64_t seen = 0, generated = 0;
        bool any = false;
        for (int64_t i = 0; i < d->id_count; i++) any |= d->ids[i] >= id;
        if (!any) break;
        for (int64_t i = begin; i < d->id_count; i++) {
            seen += d->ids[i] == id;
            generated += d->ids[i] == id && i >= d->prompt_count;
        }
        double r = o->repeat_penalty > 0 ? o->repeat_penalty : 1, *z = &all[id].z;
        if (seen > 0) *z = (float)(*z > 0 ? *z / r : *z * r);
        if (generated > 0) *z -= o->presence_penalty + o->frequency_penalty * (double)generated;
    }
}

/* All candidates by rank, with the probability that each is drawn. */
static struct candidate *reference(const struct draw *d, int64_t vocab) {
    const struct sy_sampling *o = d->sampling;
    struct candidate *all = calloc((size_t)vocab, sizeof *all);
    for (int64_t i = 0; i < vocab; i++) all[i] = (struct candidate){ i, d->logits[i], 0, 0, true };
    change_logits(all, d);
    for (int64_t i = 0; i < vocab; i++) all[i].z = (float)all[i].z;
    qsort(all, (size_t)vocab, sizeof *all, by_rank);
    for (int64_t i = 0; i < vocab; i++) all[i].p = exp((all[i].z - all[0].z) / o->temperature);
    renormalize(all, vocab);
    if (o->top_k > 0) {
        for (int64_t i = o->top_k; i < vocab; i++) all[i].kept = false;
        renormalize(all, vocab);
    }
    if (o->top_p > 0 && o->top_p < 1) keep_until(all, vocab, o->top_p);
    if (o->min_p > 0) {
        for (int64_t i = 0; i < vocab; i++) all[i].kept &= all[i].p >= o->min_p * all[0].p;
        renormalize(all, vocab);
    }
    if (o->typical > 0 && o->typical < 1) {
        double entropy = 0;
        for (int64_t i = 0; i < vocab; i++) entropy -= all[i].p > 0 ? all[i].p * log(all[i].p) : 0;
        for (int64_t i = 0; i < vocab; i++) all[i].off = fabs(-log(all[i].p) - entropy);
        qsort(all, (size_t)vocab, sizeof *all, by_oddness);
        keep_until(all, vocab, o->typical);
        qsort(all, (size_t)vocab, sizeof *all, by_rank);
    }
    return all;
}

/* The first by rank at which the running sum exceeds u. */
static int64_t pick(const struct candidate *all, int64_t vocab, double u) {
    double sum = 0;
    int64_t last = 0;
    for (int64_t i = 0; i < vocab; i++) {
        if (!all[i].kept) continue;
        last = all[i].id;
        sum += all[i].p;
        if (sum > u) break;
    }
    return last;
}

/* ---- helpers ---- */

static struct sampler *open_sampler(int64_t vocab) {
    struct sampler *sampler;
    struct sy_error err = { 0 };
    if (!sampler_open(vocab, &sampler, &err)) fail_msg("%s", err.message);
    return sampler;
}

static int64_t draw_token(struct sampler *sampler, const struct draw *d) {
    struct drawn drawn;
    struct sy_error err = { 0 };
    if (!sampler_draw(sampler, d, &drawn, &err)) fail_msg("%s", err.message);
    return drawn.token.token;
}

static void random_logits(struct random *random, float *logits, int64_t vocab, double spread) {
    for (int64_t i = 0; i < vocab; i++) logits[i] = (float)(random_normal(random) * spread);
}

enum { MANY = 20 };
static const struct sy_logit_bias some_biases[] = { { 3, 2.5 }, { 11, -1e9 }, { 3, 0.5 }, { 40, 4 } };
static const struct sy_sampling settings[MANY] = {
    { .temperature = 1 },
    { .temperature = 0.4 },
    { .temperature = 30 },
    { .temperature = 1, .top_k = 5 },
    { .temperature = 1, .top_k = 1 },
    { .temperature = 1, .top_k = 1 << 20 },
    { .temperature = 1, .top_p = 0.8 },
    { .temperature = 1, .top_p = 1 },
    { .temperature = 1, .top_p = 1e-6 },
    { .temperature = 2, .min_p = 0.08 },
    { .temperature = 2, .min_p = 1 },
    { .temperature = 1, .typical = 0.7 },
    { .temperature = 1, .repeat_penalty = 1.4 },
    { .temperature = 1, .presence_penalty = 1.5 },
    { .temperature = 1, .frequency_penalty = 0.7, .penalty_last = 9 },
    { .temperature = 1, .frequency_penalty = -0.7 },
    { .temperature = 1, .biases = some_biases, .bias_count = 4 },
    { .temperature = 0.9, .top_k = 40, .top_p = 0.95, .repeat_penalty = 1.1 },
    { .temperature = 1.5, .top_p = 0.9, .min_p = 0.05, .presence_penalty = 0.5 },
    { .temperature = 2,
      .top_k = 90,
      .top_p = 0.97,
      .min_p = 0.01,
      .typical = 0.8,
      .repeat_penalty = 1.2,
      .frequency_penalty = 0.2,
      .biases = some_biases,
      .bias_count = 4 },
};

enum { VOCAB = 211, IDS = 40 };
struct scene { /* logits and a sequence to draw after */
    float logits[VOCAB];
    int64_t ids[IDS + 20000];
};

static struct scene *make_scene(uint64_t seed, double spread) {
    struct scene *scene = calloc(1, sizeof *scene);
    struct random random = random_seed(seed);
    random_logits(&random, scene->logits, VOCAB, spread);
    scene->logits[7] = -INFINITY;
    scene->logits[100] = scene->logits[101] = scene->logits[102]; /* ties */
    for (int i = 0; i < IDS; i++) scene->ids[i] = (int64_t)random_below(&random, 30);
    return scene;
}

static struct draw draw_of(const struct scene *scene, const struct sy_sampling *sampling) {
    return (struct draw){ sampling, scene->logits, scene->ids, IDS, 15, false };
}

/* ---- tests ---- */

TEST(draws_and_kept_sets_are_the_plain_ones) {
    struct sampler *sampler = open_sampler(VOCAB);
    for (uint64_t seed = 0; seed < 25; seed++) {
        struct scene *scene = make_scene(seed, 0.3 + 0.3 * (double)seed);
        for (int s = 0; s < MANY; s++) {
            struct sy_sampling sampling = settings[s];
            struct draw d = draw_of(scene, &sampling);
            struct candidate *all = reference(&d, VOCAB);
            for (sampling.seed = 0; sampling.seed < 20; sampling.seed++) {
                double u = random_unit_at(sampling.seed, IDS - 15);
                int64_t got = draw_token(sampler, &d);
                if (got != pick(all, VOCAB, u - 1e-6) && got != pick(all, VOCAB, u + 1e-6))
                    fail_msg("scene %d, setting %d, seed %d: token %lld, want %lld", (int)seed, s,
                             (int)sampling.seed, (long long)got, (long long)pick(all, VOCAB, u));
            }
            const int32_t *ids;
            int64_t count = sampler_kept(sampler, &ids);
            for (int i = 0; i < VOCAB; i++) {
                bool in = false;
                for (int64_t k = 0; k < count; k++) in |= ids[k] == all[i].id;
                if (all[i].p < 1e-30) continue; /* whether what is never drawn is kept does not matter */
                if (in != all[i].kept)
                    fail_msg("scene %d, setting %d: token %lld of probability %g is%s kept", (int)seed, s,
                             (long long)all[i].id, all[i].p, in ? "" : " not");
            }
            free(all);
        }
        free(scene);
    }
    sampler_close(sampler);
}

/* Pearson's statistic over the tokens that are expected five times or more, the rest in one cell. Bounded by
 * the mean of its distribution plus six standard deviations: seeds are fixed, so it fails always or never. */
static void check_distribution(const struct candidate *all, const int64_t *counts, int64_t draws,
                               int setting) {
    double chi = 0, cells = -1, rest_expected = 0, rest = 0;
    for (int i = 0; i < VOCAB; i++) {
        double expected = all[i].kept ? all[i].p * (double)draws : 0, got = (double)counts[all[i].id];
        if (expected == 0) assert_int_equal(counts[all[i].id], 0);
        if (expected < 5) {
            rest_expected += expected;
            rest += got;
            continue;
        }
        chi += (got - expected) * (got - expected) / expected;
        cells++;
    }
    if (rest_expected >= 5) {
        chi += (rest - rest_expected) * (rest - rest_expected) / rest_expected;
        cells++;
    }
    if (chi > cells + 6 * sqrt(2 * fmax(cells, 1)) + 1)
        fail_msg("setting %d: chi-square %g at %g degrees of freedom", setting, chi, cells);
}

/* Over seeds at one index, and over the indices of one seed. */
TEST(draws_follow_the_distribution) {
    enum { DRAWS = 20000 };
    struct sampler *sampler = open_sampler(VOCAB);
    struct scene *scene = make_scene(3, 2);
    for (int s = 0; s < MANY; s++) {
        bool penalties = settings[s].repeat_penalty != 0 || settings[s].presence_penalty != 0 ||
                         settings[s].frequency_penalty != 0;
        for (int along_index = 0; along_index < 2 - penalties; along_index++) {
            struct sy_sampling sampling = settings[s];
            struct draw d = draw_of(scene, &sampling);
            struct candidate *all = reference(&d, VOCAB);
            int64_t counts[VOCAB] = { 0 };
            for (int i = 0; i < DRAWS; i++) {
                if (along_index)
                    d.id_count = IDS + i;
                else
                    sampling.seed = (uint64_t)i;
                counts[draw_token(sampler, &d)]++;
            }
            check_distribution(all, counts, DRAWS, s);
            free(all);
        }
    }
    free(scene);
    sampler_close(sampler);
}

static double number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

static void read_options(const json_t *options, struct sy_sampling *s, struct sy_logit_bias *biases) {
    s->temperature = number(options, "temperature");
    s->top_k = (int64_t)number(options, "top_k");
    s->top_p = number(options, "top_p");
    s->min_p = number(options, "min_p");
    s->typical = number(options, "typical");
    s->repeat_penalty = number(options, "repeat_penalty");
    const json_t *list = json_object_get(options, "bias");
    s->bias_count = (int64_t)json_array_size(list);
    s->biases = biases;
    for (size_t i = 0; i < json_array_size(list); i++) {
        biases[i].token = json_integer_value(json_array_get(json_array_get(list, i), 0));
        biases[i].bias = json_number_value(json_array_get(json_array_get(list, i), 1));
    }
}

TEST(kept_sets_are_those_of_transformers) {
    enum { SIZE = 60, GIVEN = 12, DRAWS = 2000 };
    char path[TEST_PATH_MAX];
    struct sy_error err = { 0 };
    test_source(path, "tests/golden/sampling.json");
    json_t *cases = json_parse_file(path, (struct json_limits){ 1 << 20, 8 }, &err);
    if (!cases) fail_msg("%s", err.message);
    assert_true(json_array_size(cases) >= 60);
    struct sampler *sampler = open_sampler(SIZE);
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *one = json_array_get(cases, c), *kept = json_object_get(one, "kept");
        struct sy_sampling s = { 0 };
        struct sy_logit_bias biases[8];
        float logits[SIZE];
        int64_t ids[GIVEN], counts[SIZE] = { 0 };
        read_options(json_object_get(one, "options"), &s, biases);
        for (size_t i = 0; i < SIZE; i++)
            logits[i] = (float)json_number_value(json_array_get(json_object_get(one, "logits"), i));
        for (size_t i = 0; i < GIVEN; i++)
            ids[i] = json_integer_value(json_array_get(json_object_get(one, "ids"), i));
        struct draw d = { &s, logits, ids, GIVEN, GIVEN, false };
        for (s.seed = 0; s.seed < DRAWS; s.seed++) counts[draw_token(sampler, &d)]++;
        const int32_t *got;
        assert_int_equal(sampler_kept(sampler, &got), json_array_size(kept));
        for (size_t i = 0; i < json_array_size(kept); i++) {
            double p = json_number_value(json_array_get(json_array_get(kept, i), 1));
            assert_int_equal(got[i], json_integer_value(json_array_get(json_array_get(kept, i), 0)));
            double off = (double)counts[got[i]] - p * DRAWS;
            if (fabs(off) > 6 * sqrt(p * (1 - p) * DRAWS) + 2)
                fail_msg("case %zu: token %d drawn %lld times of %d, probability %g", c, got[i],
                         (long long)counts[got[i]], DRAWS, p);
        }
    }
    sampler_close(sampler);
    json_decref(cases);
}
