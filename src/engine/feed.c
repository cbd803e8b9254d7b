#include "engine/feed.h"

#include "base/os.h"

#include <stdlib.h>

struct feeder {
    struct batcher *batcher;
    struct pass *pass;
    int64_t feeds_max;
    struct lane *lanes;   /* [feeds_max] */
    struct lane **places; /* [feeds_max] &lanes[i] */
};

bool feeder_open(const struct pass_limits *limits, struct batcher *batcher, struct pass *pass,
                 struct feeder **out, struct sy_error *err) {
    size_t n = (size_t)limits->sequences;
    struct feeder *f = calloc(1, sizeof *f);
    if (!f || !(f->lanes = calloc(n, sizeof *f->lanes)) || !(f->places = calloc(n, sizeof *f->places))) {
        feeder_close(f);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu sequences", n);
    }
    f->batcher = batcher;
    f->pass = pass;
    f->feeds_max = limits->sequences;
    for (size_t i = 0; i < n; i++) f->places[i] = &f->lanes[i];
    *out = f;
    return true;
}

void feeder_close(struct feeder *f) {
    if (!f) return;
    free(f->lanes);
    free(f->places);
    free(f);
}

bool feeder_run(struct feeder *f, const struct feed *feeds, int64_t count, int64_t chunk,
                const struct feed_sink *sink, struct sy_error *err) {
    if (count > f->feeds_max)
        return sy_fail(err, SY_ERR_LIMIT, "%lld sequences at once, the session was opened for %lld",
                       (long long)count, (long long)f->feeds_max);
    for (int64_t i = 0; i < count; i++)
        f->lanes[i] = (struct lane){ .ids = feeds[i].ids,
                                     .count = feeds[i].count,
                                     .prompt = feeds[i].count - feeds[i].steps,
                                     .sequence = feeds[i].sequence,
                                     .every_logits = feeds[i].every_logits,
                                     .routing = feeds[i].routing };
    while (batcher_next(f->batcher, f->places, count, chunk) > 0) {
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        if (!batcher_run(f->batcher, f->pass, sink, err)) return false;
    }
    return true;
}
