#include "engine/registry.h"

#include "base/checked.h"
#include "base/os.h"

#include <assert.h>

#define CELL_BYTES (int64_t)(sizeof(struct sequence *) + sizeof(_Atomic uint64_t))

static int64_t cells_for(int64_t most) {
    int64_t cells = 2;
    while (cells < 2 * most) cells *= 2;
    return cells; /* at most half full: the next free cell is near */
}

bool registry_bytes(int64_t most, int64_t *bytes) {
    return size_mul(cells_for(most), CELL_BYTES, bytes);
}

bool registry_open(struct registry *r, int64_t most, struct sy_error *err) {
    int64_t cells = cells_for(most);
    void *memory;
    if (!os_memory_take(cells * CELL_BYTES, &memory, err)) return false;
    r->cells = cells;
    r->cell = memory;
    r->word = (_Atomic uint64_t *)(r->cell + cells);
    return true;
}

void registry_close(struct registry *r) {
    assert(r->known == 0);
    if (r->cell) os_memory_release(r->cell, r->cells * CELL_BYTES);
}

static int64_t cell_of(const struct registry *r, int64_t number) {
    return number & (r->cells - 1);
}

struct sequence *registry_find(const struct registry *r, int64_t number) {
    struct sequence *q = number > 0 ? r->cell[cell_of(r, number)] : NULL;
    return q && q->number == number ? q : NULL;
}

void registry_add(struct registry *r, struct sequence *q) {
    assert(r->known < r->cells / 2);
    do r->last_number++;
    while (r->cell[cell_of(r, r->last_number)]);
    q->number = r->last_number;
    q->holders++;
    r->known++;
    r->cell[cell_of(r, q->number)] = q;
    atomic_store(&r->word[cell_of(r, q->number)], (uint64_t)q->number << 1);
}

void registry_remove(struct registry *r, struct sequence *q) {
    r->cell[cell_of(r, q->number)] = NULL;
    atomic_store(&r->word[cell_of(r, q->number)], 0);
    r->known--;
    sequence_drop(q);
}

void registry_cancel(struct registry *r, int64_t number) {
    if (number <= 0) return;
    uint64_t word = (uint64_t)number << 1;
    if (atomic_compare_exchange_strong(&r->word[cell_of(r, number)], &word, word | 1))
        atomic_store(&r->cancels, true);
}

bool registry_cancelled(const struct registry *r, const struct sequence *q) {
    return atomic_load(&r->word[cell_of(r, q->number)]) & 1;
}

bool registry_take_cancels(struct registry *r) {
    return atomic_exchange(&r->cancels, false);
}
