/*
 * Imbalance of expert parallelism: a layer waits for its fullest rank.
 *
 *   shares    p_e = 1 / E (uniform), 1 / rank of e (Zipf, exponent 1), or the trace's, layer by layer
 *   load      of rank r among T K choices, P_r being the sum of its shares: mean T K P_r,
 *             variance T K P_r (1 - P_r)
 *   fullest   E[max] of normal numbers with these moments, over T K / ranks:
 *             the integral of 1 - prod_r Phi((x - mean_r) / deviation_r)
 *
 *   expected  experts dealt at random, as many to each rank: the mean over PLACEMENTS deals
 *   worst     the hottest experts side by side on one rank
 *   replicas  each next copy goes to the expert with the most load a copy, its tokens spread over the copies;
 *             then the heaviest copy first to the rank with the least (what DeepSeek's EPLB does, 2025).
 *             Worst: the copies sorted and placed side by side.
 *
 * Choices are taken as independent draws: with K of few experts the truth is a little more even.
 */
#include "plan/imbalance.h"

#include "base/checked.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define POINTS      96
#define PLACEMENTS  16
#define LAYERS_MAX  16        /* of a trace: so many, evenly spread, stand for all */
#define EXPERTS_MAX (1 << 20) /* that are dealt out, a fifth of a second */
#define WORK_MAX    (1 << 26) /* copies x (ranks + replicas + deals) of a layer: as long */

const char *load_name(enum load load) {
    static const char *const names[LOAD_COUNT] = { "uniform", "zipf", "trace" };
    return names[load];
}

double expected_largest(const double *mean, const double *deviation, int64_t n) {
    double low = mean[0], high = mean[0];
    for (int64_t i = 0; i < n; i++) {
        low = fmax(low, mean[i]); /* E[max] is no less than any mean */
        high = fmax(high, mean[i] + 8 * deviation[i]);
    }
    if (!(high > low)) return low;
    double from = low - (high - low) / 8, step = (high - from) / POINTS, sum = 0;
    for (int k = 0; k <= POINTS; k++) {
        double x = from + step * k, below = 1;
        for (int64_t i = 0; i < n && below > 0; i++) {
            if (deviation[i] > 0)
                below *= erfc(-(x - mean[i]) / deviation[i] * M_SQRT1_2) / 2;
            else if (x < mean[i])
                below = 0;
        }
        sum += (1 - below) * (k == 0 || k == POINTS ? 0.5 : 1);
    }
    return from + sum * step;
}

struct dealing {                             /* memory for one layer's placements */
    double *share, *copy, *mean, *deviation; /* [E], [E + replicas], [ranks], [ranks] */
    int64_t *copies, *held;                  /* [E]: of each expert; [ranks] */
    int64_t experts, ranks, replicas;
    double choices; /* T K */
};

static int descending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The fullest rank over the mean, where item i of `share` lies on rank i / (count / ranks). */
static double fullest(struct dealing *d, const double *share, int64_t count) {
    int64_t each = ceil_div(count, d->ranks);
    for (int64_t r = 0; r < d->ranks; r++) d->mean[r] = 0;
    for (int64_t i = 0; i < count; i++) d->mean[i / each] += share[i];
    for (int64_t r = 0; r < d->ranks; r++) {
        double p = fmin(d->mean[r], 1);
        d->mean[r] = d->choices * p;
        d->deviation[r] = sqrt(d->choices * p * (1 - p));
    }
    return expected_largest(d->mean, d->deviation, d->ranks) / (d->choices / (double)d->ranks);
}

static double dealt(struct dealing *d, struct random *random) {
    double sum = 0;
    for (int deal = 0; deal < PLACEMENTS; deal++) {
        memcpy(d->copy, d->share, (size_t)d->experts * sizeof *d->copy);
        for (int64_t i = d->experts - 1; i > 0; i--) {
            int64_t j = (int64_t)random_below(random, (uint64_t)i + 1);
            double swap = d->copy[i];
            d->copy[i] = d->copy[j];
            d->copy[j] = swap;
        }
        sum += fullest(d, d->copy, d->experts);
    }
    return sum / PLACEMENTS;
}

/* Copies of the hottest; d->copy then holds the load of each copy, largest first. */
static int64_t replicate(struct dealing *d) {
    int64_t count = 0;
    for (int64_t e = 0; e < d->experts; e++) d->copies[e] = 1;
    for (int64_t r = 0; r < d->replicas; r++) {
        int64_t hottest = 0;
        for (int64_t e = 1; e < d->experts; e++)
            if (d->share[e] / (double)d->copies[e] > d->share[hottest] / (double)d->copies[hottest])
                hottest = e;
        d->copies[hottest]++;
    }
    for (int64_t e = 0; e < d->experts; e++)
        for (int64_t c = 0; c < d->copies[e]; c++) d->copy[count++] = d->share[e] / (double)d->copies[e];
    qsort(d->copy, (size_t)count, sizeof *d->copy, descending);
    return count;
}

/* Heaviest first, each to the rank with the least among those with room. */
static double packed(struct dealing *d, int64_t count) {
    int64_t each = ceil_div(count, d->ranks);
    for (int64_t r = 0; r < d->ranks; r++) {
        d->mean[r] = 0;
        d->held[r] = 0;
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t best = -1;
        for (int64_t r = 0; r < d->ranks; r++)
            if (d->held[r] < each && (best < 0 || d->mean[r] < d->mean[best])) best = r;
        d->mean[best] += d->copy[i];
        d->held[best]++;
    }
    for (int64_t r = 0; r < d->ranks; r++) {
        double p = fmin(d->mean[r], 1);
        d->mean[r] = d->choices * p;
        d->deviation[r] = sqrt(d->choices * p * (1 - p));
    }
    return expected_largest(d->mean, d->deviation, d->ranks) / (d->choices / (double)d->ranks);
}

static void one_layer(struct dealing *d, struct random *random, struct imbalance *sum, double weight) {
    qsort(d->share, (size_t)d->experts, sizeof *d->share, descending);
    sum->worst = fmax(sum->worst, fullest(d, d->share, d->experts));
    sum->expected += weight * dealt(d, random);
    int64_t count = replicate(d);
    sum->replicated_worst = fmax(sum->replicated_worst, fullest(d, d->copy, count));
    sum->replicated_expected += weight * packed(d, count);
}

static void fill(enum load load, const struct trace *trace, int64_t layer, struct dealing *d) {
    double total = 0;
    for (int64_t e = 0; e < d->experts; e++) {
        d->share[e] = load == LOAD_UNIFORM ? 1
                      : load == LOAD_ZIPF  ? 1 / (double)(e + 1)
                                           : (double)trace->counts[layer * trace->experts + e];
        total += d->share[e];
    }
    for (int64_t e = 0; e < d->experts; e++) d->share[e] /= total > 0 ? total : 1;
}

bool imbalance_of(enum load load, const struct trace *trace, int64_t experts, int64_t chosen, double tokens,
                  int64_t ranks, int64_t replicas, struct imbalance *out, struct sy_error *err) {
    struct arena arena;
    struct random random = random_seed(1);
    struct dealing d = {
        .experts = experts, .ranks = ranks, .replicas = replicas, .choices = tokens * (double)chosen
    };
    int64_t count, work;
    if (!size_add(experts, replicas, &count) || !size_mul(count, ranks + replicas + PLACEMENTS, &work) ||
        experts > EXPERTS_MAX || work > WORK_MAX)
        return sy_fail(err, SY_ERR_LIMIT,
                       "%lld experts and %lld copies on %lld ranks are more than can be dealt out",
                       (long long)experts, (long long)replicas, (long long)ranks);
    arena_open(&arena);
    d.share = arena_new(&arena, double, experts, err);
    d.copy = arena_new(&arena, double, count, err);
    d.mean = arena_new(&arena, double, ranks, err);
    d.deviation = arena_new(&arena, double, ranks, err);
    d.copies = arena_new(&arena, int64_t, experts, err);
    d.held = arena_new(&arena, int64_t, ranks, err);
    bool ok = d.share && d.copy && d.mean && d.deviation && d.copies && d.held;
    *out = (struct imbalance){ 0 };
    int64_t layers = load == LOAD_TRACE ? min_i64(trace->layers, LAYERS_MAX) : 1;
    for (int64_t i = 0; ok && i < layers; i++) {
        fill(load, trace, load == LOAD_TRACE ? i * trace->layers / layers : 0, &d);
        one_layer(&d, &random, out, 1 / (double)layers);
    }
    arena_close(&arena);
    return ok;
}
