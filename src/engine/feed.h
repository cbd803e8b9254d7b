/*
 * Feeding: ids that are known beforehand run onto sequences, some of them together, until none is left. Each
 * feed becomes a lane, and batches are formed as batcher.h tells.
 */
#ifndef ENGINE_FEED_H
#define ENGINE_FEED_H

#include "engine/batcher.h"

/* One sequence's ids to run: the last `steps` as steps, the others as prompt. */
struct feed {
    const int64_t *ids;
    int64_t count, steps;
    struct kv_sequence *sequence; /* continues it */
    bool every_logits;            /* of each row; else of the last */
    bool routing;
};

struct feeder; /* lanes, taken once, so that a step takes none; borrows a batcher and a pass */

SY_MUST_CHECK bool feeder_open(const struct pass_limits *limits, struct batcher *batcher, struct pass *pass,
                               struct feeder **out, struct sy_error *err);
void feeder_close(struct feeder *feeder); /* NULL is allowed */

/* As session_feed (session.h). */
SY_MUST_CHECK bool feeder_run(struct feeder *feeder, const struct feed *feeds, int64_t count, int64_t chunk,
                              const struct feed_sink *sink, struct sy_error *err);

#endif
