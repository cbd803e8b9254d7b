/*
 * Statistics of routing: integer counters a layer, cheap enough to leave on. They are read from a routing
 * after the fact, so they cannot change a bit of the result.
 */
#ifndef MOE_STATS_H
#define MOE_STATS_H

#include "base/arena.h"
#include "model/spec.h"
#include "moe/routing.h"

struct moe_stats {
    int64_t layers, experts;
    int64_t *load;    /* [layers, E] assignments that each expert got; dense layers stay 0 */
    int64_t *tokens;  /* [layers] tokens routed */
    int64_t *dropped; /* [layers] assignments dropped by capacity */
    int64_t *pairs;   /* [layers, E, E] co-activation, a <= b; NULL unless asked for */
};

bool moe_stats_bytes(const struct spec *spec, bool pairs, int64_t *bytes);
SY_MUST_CHECK bool moe_stats_open(const struct spec *spec, bool pairs, struct arena *arena,
                                  struct moe_stats *stats, struct sy_error *err);
/* Of its tokens [first, first + count). */
void moe_stats_add(struct moe_stats *stats, int64_t layer, const struct routing *routing, int64_t first,
                   int64_t count);
double moe_stats_entropy(const struct moe_stats *stats,
                         int64_t layer); /* of the load, in nats; 0 when nothing was routed */
double moe_stats_imbalance(const struct moe_stats *stats, int64_t layer); /* largest load over mean load */

#endif
