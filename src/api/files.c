/*
 * Kept sequences to a file and back (engine/session.h, kv/snapshot.h).
 */
#include "api/engine.h"

#include <stdlib.h>

static bool save(struct sy_engine *engine, int64_t sequence, const char *path, struct sy_error *err) {
    const struct kv_sequence *pages = scheduler_kept(engine->scheduler, sequence);
    if (!pages) {
        sy_fail(err, SY_ERR_INPUT, "sequence %lld is no kept sequence that has finished",
                (long long)sequence);
        return sy_error_remedy(err, "submit it with SY_KEEP, and wait for its end");
    }
    return session_save(&engine->session, pages, scheduler_ids(engine->scheduler, sequence),
                        scheduler_length(engine->scheduler, sequence), path, err);
}

bool sy_save(struct sy_engine *engine, int64_t sequence, const char *path, struct sy_error *err) {
    if (!path) return sy_fail(err, SY_ERR_USAGE, "path is NULL");
    if (!engine_enter(engine, err)) return false;
    bool done = save(engine, sequence, path, err);
    engine_leave(engine);
    return done;
}

static bool restore(struct sy_engine *engine, const char *path, int64_t *sequence, struct sy_error *err) {
    struct kv_sequence *pages;
    int64_t *ids, count;
    if (!session_restore(&engine->session, path, &pages, &ids, &count, err)) return false;
    bool done = scheduler_adopt(engine->scheduler, pages, ids, count, sequence, err);
    if (!done) kv_sequence_close(pages);
    free(ids);
    return done;
}

bool sy_restore(struct sy_engine *engine, const char *path, int64_t *sequence, struct sy_error *err) {
    if (!path || !sequence) return sy_fail(err, SY_ERR_USAGE, "%s is NULL", path ? "sequence" : "path");
    if (!engine_enter(engine, err)) return false;
    bool done = restore(engine, path, sequence, err);
    engine_leave(engine);
    return done;
}
