/*
 * Sequences by number. Numbers rise and never come again; number n lives in cell n % cells, and a number
 * whose cell is taken is passed over, so a look-up is one step, without a lock: other threads (cancel) read
 * and mark one atomic word a cell, and a word that names another sequence is left alone.
 */
#include "engine/scheduler_private.h"

#include "base/os.h"

#include <assert.h>
#include <stdlib.h>

int64_t roll_cells(const struct pass_limits *limits) {
    int64_t cells = 2;
    while (cells < 2 * (SCHEDULER_WAITING_MAX + limits->sequences)) cells *= 2;
    return cells; /* at most half full: the next free cell is near */
}

bool roll_open(struct scheduler *s, struct sy_error *err) {
    void *memory;
    s->cells = roll_cells(&s->session->limits);
    if (!os_memory_take(s->cells * ROLL_CELL_BYTES, &memory, err)) return false;
    s->cell = memory;
    s->word = (_Atomic uint64_t *)(s->cell + s->cells);
    return true;
}

void roll_close(struct scheduler *s) {
    if (!s->cell) return;
    for (int64_t i = 0; i < s->cells; i++)
        if (s->cell[i]) scheduler_release(s, s->cell[i]->number);
    os_memory_release(s->cell, s->cells * ROLL_CELL_BYTES);
}

static int64_t cell_of(const struct scheduler *s, int64_t number) {
    return number & (s->cells - 1);
}

struct sequence *roll_find(const struct scheduler *s, int64_t number) {
    struct sequence *q = number > 0 ? s->cell[cell_of(s, number)] : NULL;
    return q && q->number == number ? q : NULL;
}

void roll_add(struct scheduler *s, struct sequence *q) {
    assert(s->known < s->cells / 2);
    do s->last_number++;
    while (s->cell[cell_of(s, s->last_number)]);
    q->number = s->last_number;
    q->holders++;
    s->known++;
    s->cell[cell_of(s, q->number)] = q;
    atomic_store(&s->word[cell_of(s, q->number)], (uint64_t)q->number << 1);
}

void roll_remove(struct scheduler *s, struct sequence *q) {
    s->cell[cell_of(s, q->number)] = NULL;
    atomic_store(&s->word[cell_of(s, q->number)], 0);
    s->known--;
    sequence_drop(q);
}

bool roll_cancelled(const struct scheduler *s, const struct sequence *q) {
    return atomic_load(&s->word[cell_of(s, q->number)]) & 1;
}

void scheduler_cancel(struct scheduler *s, int64_t number) {
    if (number <= 0) return;
    uint64_t word = (uint64_t)number << 1;
    if (atomic_compare_exchange_strong(&s->word[cell_of(s, number)], &word, word | 1))
        atomic_store(&s->cancels, true);
}

void sequence_drop(struct sequence *q) {
    if (--q->holders > 0) return;
    kv_sequence_close(q->lane.sequence);
    stop_close(q->stops);
    text_free(&q->text);
    free(q->ids);
    free(q->biases);
    free(q->tokens);
    free(q->likeliest);
    free(q);
}
