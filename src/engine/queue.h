/*
 * Who waits: sequences in the order in which they came.
 */
#ifndef ENGINE_QUEUE_H
#define ENGINE_QUEUE_H

#include "engine/sequence.h"

struct queue {
    struct sequence *first, *last;
    int64_t count;
    bool room_changed; /* since the first was last found not to fit */
};

void queue_add(struct queue *queue, struct sequence *q);
void queue_remove(struct queue *queue, struct sequence *q); /* wherever it stands */

#endif
