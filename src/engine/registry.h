/*
 * Sequences by number. Numbers rise and never come again; number n lives in cell n % cells, and a number
 * whose cell is taken is passed over, so a look-up is one step, without a lock: other threads (cancel) read
 * and mark one atomic word a cell, and a word that names another sequence is left alone.
 */
#ifndef ENGINE_REGISTRY_H
#define ENGINE_REGISTRY_H

#include "engine/sequence.h"

#include <stdatomic.h>

struct registry {
    int64_t cells; /* a power of two; 0: not open */
    struct sequence **cell;
    _Atomic uint64_t *word; /* number << 1 | cancelled, 0 where none is: what other threads see */
    atomic_bool cancels;    /* some word has been marked since they were looked at */
    int64_t last_number, known;
};

bool registry_bytes(int64_t most, int64_t *bytes); /* false on overflow */
/* For at most so many sequences at a time. */
SY_MUST_CHECK bool registry_open(struct registry *registry, int64_t most, struct sy_error *err);
void registry_close(struct registry *registry); /* all have been removed */

struct sequence *registry_find(const struct registry *registry, int64_t number); /* NULL: unknown */
void registry_add(struct registry *registry, struct sequence *q);                /* numbers and holds it */
void registry_remove(struct registry *registry, struct sequence *q);             /* and drops it */

void registry_cancel(struct registry *registry, int64_t number); /* from any thread; known or not */
bool registry_cancelled(const struct registry *registry, const struct sequence *q);
bool registry_take_cancels(struct registry *registry); /* has any been cancelled since the last call? */

#endif
