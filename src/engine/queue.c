#include "engine/queue.h"

#include <stddef.h>

void queue_add(struct queue *queue, struct sequence *q) {
    q->before = queue->last;
    *(queue->last ? &queue->last->after : &queue->first) = q;
    queue->last = q;
    queue->room_changed = queue->room_changed || queue->count == 0;
    queue->count++;
}

void queue_remove(struct queue *queue, struct sequence *q) {
    *(q->before ? &q->before->after : &queue->first) = q->after;
    *(q->after ? &q->after->before : &queue->last) = q->before;
    q->before = q->after = NULL;
    queue->room_changed = true; /* another may be the first now */
    queue->count--;
}
