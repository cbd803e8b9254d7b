/*
 * Sequences: each call takes the engine for itself, hands on to the scheduler, and gives it back.
 */
#include "api/engine.h"
#include "api/structs.h"

bool sy_submit(struct sy_engine *engine, const struct sy_request *request, int64_t *sequence,
               struct sy_error *err) {
    struct sy_request own;
    if (!sequence) return sy_fail(err, SY_ERR_USAGE, "sequence is NULL");
    if (!struct_take(request, &own, sizeof own, "sy_request", err) || !engine_enter(engine, err))
        return false;
    bool done = scheduler_submit(engine->scheduler, &own, sequence, err);
    engine_leave(engine);
    return done;
}

bool sy_step(struct sy_engine *engine, int64_t *active, struct sy_error *err) {
    int64_t unread;
    if (!engine_enter(engine, err)) return false;
    bool done = scheduler_step(engine->scheduler, active ? active : &unread, err);
    engine_leave(engine);
    return done;
}

bool sy_poll(struct sy_engine *engine, int64_t sequence, struct sy_event *event, struct sy_error *err) {
    struct sy_event own = { .struct_bytes = sizeof own };
    if (!struct_give(&own, sizeof own, event, "sy_event", err) || !engine_enter(engine, err)) return false;
    bool done = scheduler_poll(engine->scheduler, sequence, &own, err) &&
                struct_give(&own, sizeof own, event, "sy_event", err);
    engine_leave(engine);
    return done;
}

void sy_cancel(struct sy_engine *engine, int64_t sequence) {
    if (engine) scheduler_cancel(engine->scheduler, sequence);
}

void sy_release(struct sy_engine *engine, int64_t sequence) {
    if (!engine_enter(engine, NULL)) return;
    scheduler_release(engine->scheduler, sequence);
    engine_leave(engine);
}

int64_t sy_length(const struct sy_engine *engine, int64_t sequence) {
    if (!engine_enter(engine, NULL)) return -1;
    int64_t length = scheduler_length(engine->scheduler, sequence);
    engine_leave(engine);
    return length;
}

const int64_t *sy_ids(const struct sy_engine *engine, int64_t sequence) {
    if (!engine_enter(engine, NULL)) return NULL;
    const int64_t *ids = scheduler_ids(engine->scheduler, sequence);
    engine_leave(engine);
    return ids;
}
