/*
 * Statistics of routing (moe/stats.h).
 *
 *     entropy    H = - sum p_e ln p_e,  p_e = load_e / sum load       ln E when balanced, 0 when collapsed
 *     imbalance  max load / mean load                                 1 when balanced, E when collapsed
 */
#include "moe/stats.h"

#include "base/checked.h"

#include <math.h>
#include <string.h>

static bool counts(const struct spec *spec, bool pairs, int64_t *load, int64_t *pair) {
    int64_t L = spec->decoder.layer_count, E = spec->router.experts;
    *pair = 0;
    return size_mul(L, E, load) && (!pairs || size_mul(*load, E, pair));
}

bool moe_stats_bytes(const struct spec *spec, bool pairs, int64_t *bytes) {
    int64_t load, pair, total;
    return counts(spec, pairs, &load, &pair) && size_add(load, pair, &total) &&
           size_add(total, 2 * spec->decoder.layer_count, &total) &&
           size_mul(total, (int64_t)sizeof(int64_t), bytes);
}

bool moe_stats_open(const struct spec *spec, bool pairs, struct arena *arena, struct moe_stats *stats,
                    struct sy_error *err) {
    int64_t load, pair;
    if (!counts(spec, pairs, &load, &pair))
        return sy_fail(err, SY_ERR_LIMIT, "the statistics overflow 64 bits");
    *stats = (struct moe_stats){ .layers = spec->decoder.layer_count, .experts = spec->router.experts };
    stats->load = arena_new(arena, int64_t, load, err);
    stats->tokens = arena_new(arena, int64_t, stats->layers, err);
    stats->dropped = arena_new(arena, int64_t, stats->layers, err);
    if (pairs) stats->pairs = arena_new(arena, int64_t, pair, err);
    return stats->load && stats->tokens && stats->dropped && (!pairs || stats->pairs);
}

static void add_pairs(int64_t *pairs, int64_t experts, const int32_t *ids, int64_t n) {
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            int64_t a = ids[i] < ids[j] ? ids[i] : ids[j], b = ids[i] + ids[j] - a;
            pairs[a * experts + b]++;
        }
}

void moe_stats_add(struct moe_stats *stats, int64_t layer, const struct routing *routing, int64_t first,
                   int64_t count) {
    const int64_t *begin = routing->assignment_begin + first;
    int64_t *load = stats->load + layer * stats->experts;
    for (int64_t a = begin[0]; a < begin[count]; a++) load[routing->expert_id[a]]++;
    stats->tokens[layer] += count;
    if (!stats->pairs) return;
    for (int64_t t = 0; t < count; t++)
        add_pairs(stats->pairs + layer * stats->experts * stats->experts, stats->experts,
                  routing->expert_id + begin[t], begin[t + 1] - begin[t]);
}

static int64_t total_load(const struct moe_stats *stats, int64_t layer, int64_t *most) {
    int64_t sum = 0;
    *most = 0;
    for (int64_t e = 0; e < stats->experts; e++) {
        int64_t n = stats->load[layer * stats->experts + e];
        sum += n;
        *most = max_i64(*most, n);
    }
    return sum;
}

double moe_stats_entropy(const struct moe_stats *stats, int64_t layer) {
    int64_t most, sum = total_load(stats, layer, &most);
    double entropy = 0;
    for (int64_t e = 0; e < stats->experts; e++) {
        double p = sum ? (double)stats->load[layer * stats->experts + e] / (double)sum : 0;
        if (p > 0) entropy -= p * log(p);
    }
    return entropy;
}

double moe_stats_imbalance(const struct moe_stats *stats, int64_t layer) {
    int64_t most, sum = total_load(stats, layer, &most);
    return sum ? (double)most * (double)stats->experts / (double)sum : 0;
}
