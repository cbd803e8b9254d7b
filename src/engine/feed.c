/*
 * Feeding ids that are known beforehand: each feed becomes a lane, and batches are formed (former.c) until
 * none is left.
 */
#include "engine/session.h"

#include "base/os.h"

#include <stdlib.h>

struct feeding {
    struct lane *lanes;   /* [sequences] */
    struct lane **places; /* [sequences] &lanes[i] */
};

bool feeding_open(const struct pass_limits *limits, struct feeding **out, struct sy_error *err) {
    size_t n = (size_t)limits->sequences;
    struct feeding *f = calloc(1, sizeof *f);
    if (!f || !(f->lanes = calloc(n, sizeof *f->lanes)) || !(f->places = calloc(n, sizeof *f->places))) {
        feeding_close(f);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for %zu sequences", n);
    }
    for (size_t i = 0; i < n; i++) f->places[i] = &f->lanes[i];
    *out = f;
    return true;
}

void feeding_close(struct feeding *f) {
    if (!f) return;
    free(f->lanes);
    free(f->places);
    free(f);
}

bool session_feed(struct session *s, const struct feed *feeds, int64_t count, int64_t chunk,
                  const struct feed_sink *sink, struct moe_stats *stats, struct sy_error *err) {
    struct feeding *f = s->feeding;
    if (count > s->limits.sequences)
        return sy_fail(err, SY_ERR_LIMIT, "%lld sequences at once, the session was opened for %lld",
                       (long long)count, (long long)s->limits.sequences);
    for (int64_t i = 0; i < count; i++)
        f->lanes[i] = (struct lane){ .ids = feeds[i].ids,
                                     .count = feeds[i].count,
                                     .prompt = feeds[i].count - feeds[i].steps,
                                     .sequence = feeds[i].sequence,
                                     .every_logits = feeds[i].every_logits,
                                     .routing = feeds[i].routing };
    while (former_next(s->former, f->places, count, chunk) > 0) {
        if (os_interrupted()) return sy_fail(err, SY_ERR_STOPPED, "interrupted");
        if (former_run(s->former, s->pass, sink, stats, err)) continue;
        if (err && err->code == SY_ERR_NUMERIC) sy_error_in(err, s->model.path);
        return false;
    }
    return true;
}
