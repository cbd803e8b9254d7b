/*
 * Memory, work and depth of one parsing or rendering. Small takes are cut from chunks of the arena, for these
 * aim at cache lines where we make many strings of a few bytes; nothing is given back before the end.
 */
#include "template/values/heap.h"
#include "base/checked.h"
#include "template/values/unicode.h"

#include <string.h>

#define CHUNK     ((int64_t)16 << 10)
#define SMALL_MAX 512
#define ALIGN     16

/* Under the address sanitizer every take is one of the arena's, with a poisoned gap behind it. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HEAP_CHUNKS false
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define HEAP_CHUNKS false
#endif
#ifndef HEAP_CHUNKS
#define HEAP_CHUNKS true
#endif

void heap_open(struct heap *heap, int64_t bytes_max, int64_t work_max, int64_t depth_max,
               struct sy_error *err) {
    *heap = (struct heap){ .bytes_max = bytes_max, .work_max = work_max, .depth_max = depth_max, .err = err };
    arena_open(&heap->arena);
}

void heap_close(struct heap *heap) {
    arena_close(&heap->arena);
}

static bool too_much(struct heap *heap) {
    return heap_limit(heap, "more than %lld MB of memory, the limit", (long long)(heap->bytes_max >> 20));
}

void *heap_take(struct heap *heap, int64_t size) {
    int64_t room;
    if (!size_round_up(size, ALIGN, &room) || room > heap->bytes_max - heap->bytes) {
        too_much(heap);
        return NULL;
    }
    heap->bytes += room;
    if (room > SMALL_MAX || !HEAP_CHUNKS) return arena_take(&heap->arena, size, 1, heap->err);
    if (room > heap->free_bytes) {
        heap->free = arena_take(&heap->arena, CHUNK, 1, heap->err);
        heap->free_bytes = heap->free ? CHUNK : 0;
        if (!heap->free) return NULL;
    }
    void *taken = heap->free;
    heap->free += room;
    heap->free_bytes -= room;
    return taken;
}

bool heap_fits(struct heap *heap, int64_t count, int64_t size) {
    int64_t bytes;
    if (size_mul(count, size, &bytes) && bytes <= heap->bytes_max - heap->bytes) return true;
    return too_much(heap);
}

void *heap_array(struct heap *heap, int64_t count, size_t size) {
    if (!heap_fits(heap, count, (int64_t)size)) return NULL;
    return heap_take(heap, count * (int64_t)size);
}

bool heap_work(struct heap *heap, int64_t units) {
    if (units <= heap->work_max - heap->work) {
        heap->work += units;
        return true;
    }
    heap->work = heap->work_max;
    return heap_limit(heap, "more than %lld steps, the limit", (long long)heap->work_max);
}

bool heap_copy_work(struct heap *heap, int64_t bytes) {
    return heap_work(heap, bytes / 16);
}

bool heap_enter(struct heap *heap) {
    if (heap->depth >= heap->depth_max)
        return heap_limit(heap, "nested deeper than %lld levels, the limit", (long long)heap->depth_max);
    heap->depth++;
    return true;
}

/* ---- growing bytes ---- */

static bool buffer_room(struct heap *heap, struct buffer *buffer, int64_t more) {
    if (more <= buffer->room - buffer->size) return true;
    if (!heap_fits(heap, more, 1)) return false;
    int64_t room = max_i64(buffer->room * 2, buffer->size + more);
    room = max_i64(room, 64);
    char *larger = heap_take(heap, room);
    if (!larger) return false;
    if (buffer->size > 0) memcpy(larger, buffer->data, (size_t)buffer->size);
    buffer->data = larger;
    buffer->room = room;
    return true;
}

bool buffer_add(struct heap *heap, struct buffer *buffer, const char *bytes, int64_t size) {
    if (!buffer_room(heap, buffer, size) || !heap_copy_work(heap, size)) return false;
    if (size > 0) memcpy(buffer->data + buffer->size, bytes, (size_t)size);
    buffer->size += size;
    return true;
}

bool buffer_fill(struct heap *heap, struct buffer *buffer, const char *bytes, int64_t size, int64_t times) {
    if (times <= 0 || size == 0) return true;
    if (!heap_fits(heap, times, size) || !buffer_room(heap, buffer, size * times)) return false;
    if (!heap_copy_work(heap, size * times)) return false;
    char *to = buffer->data + buffer->size;
    if (size == 1)
        memset(to, bytes[0], (size_t)times);
    else
        for (int64_t i = 0; i < times; i++) memcpy(to + i * size, bytes, (size_t)size);
    buffer->size += size * times;
    return true;
}

bool buffer_text(struct heap *heap, struct buffer *buffer, const char *text) {
    return buffer_add(heap, buffer, text, (int64_t)strlen(text));
}

bool buffer_point(struct heap *heap, struct buffer *buffer, uint32_t point) {
    char bytes[4];
    return buffer_add(heap, buffer, bytes, point_encode(point, bytes));
}
