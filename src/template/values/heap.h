/*
 * What one parsing or rendering may use up: memory, work, depth. Every function below takes the heap first
 * and reports into its error; whoever loops over something that a template chose says how much it does.
 *
 *     char *copy = heap_take(heap, size);       NULL: the error is set
 *     if (!heap_work(heap, count)) return false;
 */
#ifndef TEMPLATE_VALUES_HEAP_H
#define TEMPLATE_VALUES_HEAP_H

#include "base/arena.h"
#include "base/error.h"
#include <stdint.h>

struct heap {
    struct arena arena;
    char *free;         /* rest of the current chunk: small takes share one */
    int64_t free_bytes; /* of it */
    int64_t bytes, bytes_max;
    int64_t work, work_max; /* one unit: a node evaluated, an element visited, 16 bytes copied */
    int64_t depth, depth_max;
    struct sy_error *err;
};

void heap_open(struct heap *heap, int64_t bytes_max, int64_t work_max, int64_t depth_max,
               struct sy_error *err);
void heap_close(struct heap *heap);

void *heap_take(struct heap *heap, int64_t size); /* zeroed, 16-byte aligned */
void *heap_array(struct heap *heap, int64_t count, size_t size);

/* Would `count` elements of `size` bytes still fit? Says so before the sum of a size overflows. */
SY_MUST_CHECK bool heap_fits(struct heap *heap, int64_t count, int64_t size);
SY_MUST_CHECK bool heap_work(struct heap *heap, int64_t units);
SY_MUST_CHECK bool heap_copy_work(struct heap *heap, int64_t bytes);

/* Around every recursion; leave also where enter succeeded and the rest failed. */
SY_MUST_CHECK bool heap_enter(struct heap *heap);
static inline void heap_leave(struct heap *heap) {
    heap->depth--;
}

/* Python's error, with its words; a bound of ours; always false. */
#define heap_fail(heap, ...)  sy_fail((heap)->err, SY_ERR_FORMAT, __VA_ARGS__)
#define heap_limit(heap, ...) sy_fail((heap)->err, SY_ERR_LIMIT, __VA_ARGS__)

/* Growing bytes: what a statement prints, what a method puts together. Starts as { 0 }. */
struct buffer {
    char *data;
    int64_t size, room;
};
SY_MUST_CHECK bool buffer_add(struct heap *heap, struct buffer *buffer, const char *bytes, int64_t size);
SY_MUST_CHECK bool buffer_fill(struct heap *heap, struct buffer *buffer, const char *bytes, int64_t size,
                               int64_t times);
SY_MUST_CHECK bool buffer_text(struct heap *heap, struct buffer *buffer, const char *text);
SY_MUST_CHECK bool buffer_point(struct heap *heap, struct buffer *buffer, uint32_t point);

#endif
