/*
 * What to say of a plan.
 *
 * The dense model of its class is the geometric mean sqrt(total * active): a rule of thumb that circulates
 * since Mixtral, without a proof; scaling_law.c has a fitted law, for smaller models. It serves better where
 * its weights fit, at the same bits, the sparse model's do not (nor in any narrower type), and fetching
 * experts from the disk is slower than reading all of the dense one:
 *
 *   streamed tokens/s = 1 / max(seconds by the roofline, bytes to fetch / the disk's rate)
 */
#include "plan/verdict.h"

#include <math.h>

static const struct recipe *widest_fitting(const struct memory_input *in, double rest,
                                           const struct rates *rates, const struct cluster_request *cluster) {
    const struct recipe *widest = NULL;
    int64_t best = 0, bytes;
    struct memory_input trial = *in;
    struct prediction predicted;
    for (const struct recipe *r = recipes; r->name; r++) {
        if (!recipe_bytes(r, in->traffic.weights.spec, &bytes, NULL) || bytes <= best) continue;
        trial.traffic.weights.recipe = r;
        bool fits = cluster->ranks > 1
                        ? plan_predict(&trial, rates, cluster, &predicted, NULL) && predicted.fits
                        : (double)bytes + rest <= (double)in->memory;
        if (!fits) continue;
        best = bytes;
        widest = r;
    }
    return widest;
}

struct verdict plan_verdict(const struct memory_input *in, const struct plan_memory *memory,
                            const struct rates *rates, const struct cluster_request *cluster,
                            const struct roofline *roofline, int64_t total, int64_t active) {
    struct verdict v = { .dense_equal = (int64_t)sqrt((double)total * (double)active) };
    double each = (double)memory->weights / (double)total; /* bytes a parameter */
    v.dense_tokens = rates->read / ((double)v.dense_equal * each);
    if (!memory->said) return v;
    double rest = (double)(memory->peak - memory->weights);
    v.dense_fitting = (int64_t)fmin(9e18, fmax(0, ((double)in->memory - rest) / each));
    if (memory->fits) return v;
    v.short_of = memory->peak - in->memory;
    v.fitting = widest_fitting(in, rest, rates, cluster);
    if (memory->cache.possible)
        v.streamed_tokens = 1 / fmax(1 / roofline->tokens, memory->cache.fetch_bytes / rates->storage);
    v.dense_serves_better = !v.fitting && v.dense_equal <= v.dense_fitting && total > active &&
                            v.dense_tokens > v.streamed_tokens;
    return v;
}
