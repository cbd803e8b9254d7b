/*
 * Arenas. A growing one is a list of blocks from the heap, each twice the last up to a bound; what would fill
 * half a block gets one of its own, so that a large table neither wastes the current block nor makes the next
 * one huge:
 *
 *     list -> [header | take | take | ... free ]   the current block: base, used, size
 *          -> [header | one large take         ]
 *          -> [header | take | ...      | waste]
 *
 * Blocks come zeroed and are never reused before they are freed, which is what makes every take zero. Under
 * the address sanitizer the free part is poisoned and a poisoned gap follows every take.
 */
#include "base/arena.h"
#include "base/checked.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISONS 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISONS 1
#endif
#ifdef ARENA_POISONS
#include <sanitizer/asan_interface.h>
#define ARENA_GAP ARENA_ALIGN
#else
#define ARENA_GAP                         0
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

#define BLOCK_MIN ((size_t)64 << 10)
#define BLOCK_MAX ((size_t)16 << 20)

struct arena_block { /* lies at the start of what calloc gave */
    struct arena_block *next;
    char *base; /* aligned, behind this header */
    size_t size;
};

static const _Alignas(
    ARENA_ALIGN) char nothing[ARENA_ALIGN]; /* what a take of 0 gets where there is no memory yet */

void arena_open(struct arena *arena) {
    *arena = (struct arena){ .fixed = false };
}

void arena_over(struct arena *arena, void *memory, size_t size) {
    *arena = (struct arena){ .base = memory, .size = size, .fixed = true };
}

void arena_reset(struct arena *arena) {
    for (struct arena_block *block = arena->list, *next; block; block = next) {
        next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->base, block->size);
        free(block);
    }
    if (arena->fixed)
        arena->used = arena->total = 0;
    else
        *arena = (struct arena){ .sealed = arena->sealed };
}

void arena_close(struct arena *arena) {
    if (!arena->fixed) arena_reset(arena);
    *arena = (struct arena){ .fixed = arena->fixed, .sealed = true };
}

void arena_seal(struct arena *arena) {
    arena->sealed = true;
}

bool arena_take_bytes(int64_t count, size_t size, int64_t *bytes) {
    int64_t product;
    return size <= INT64_MAX && size_mul(count, (int64_t)size, &product) &&
           size_round_up(product, ARENA_ALIGN, bytes);
}

static struct arena_block *block_add(struct arena *arena, size_t size) {
    struct arena_block *block = calloc(1, sizeof *block + ARENA_ALIGN + size);
    if (!block) return NULL;
    uintptr_t behind = (uintptr_t)(block + 1);
    block->base = (char *)(block + 1) + (-behind & (ARENA_ALIGN - 1));
    block->size = size;
    block->next = arena->list;
    arena->list = block;
    ASAN_POISON_MEMORY_REGION(block->base, size);
    return block;
}

/* `room` bytes of a growing arena, or NULL when the heap is exhausted. */
static char *grow_take(struct arena *arena, size_t room) {
    if (room > arena->size - arena->used) {
        size_t next = arena->size * 2 < BLOCK_MIN ? BLOCK_MIN : arena->size * 2;
        if (next > BLOCK_MAX) next = BLOCK_MAX;
        struct arena_block *block = block_add(arena, room > next / 2 ? room : next);
        if (!block) return NULL;
        if (room > next / 2) return block->base;
        arena->base = block->base;
        arena->size = block->size;
        arena->used = 0;
    }
    char *memory = arena->base + arena->used;
    arena->used += room;
    return memory;
}

void *arena_take(struct arena *arena, int64_t count, size_t size, struct sy_error *err) {
    int64_t bytes;
    if (arena->sealed)
        return sy_fail(err, SY_ERR_MEMORY, "%lld elements of %zu bytes were asked of a sealed arena",
                       (long long)count, size),
               NULL;
    /* Half of INT64_MAX leaves room for headers and gaps without more checks. */
    if (!arena_take_bytes(count, size, &bytes) || bytes > INT64_MAX / 2)
        return sy_fail(err, SY_ERR_MEMORY, "%lld elements of %zu bytes are more than can be addressed",
                       (long long)count, size),
               NULL;
    if (bytes == 0) return arena->base ? arena->base + arena->used : (void *)(uintptr_t)nothing;
    if (arena->fixed) {
        if ((size_t)bytes > arena->size - arena->used)
            return sy_fail(err, SY_ERR_MEMORY, "%lld bytes do not fit: %zu of %zu bytes are taken",
                           (long long)bytes, arena->used, arena->size),
                   NULL;
        char *memory = arena->base + arena->used;
        arena->used += (size_t)bytes;
        arena->total += (size_t)bytes;
        return memory;
    }
    char *memory = grow_take(arena, (size_t)bytes + ARENA_GAP);
    if (!memory)
        return sy_fail(err, SY_ERR_MEMORY, "the system has no %lld bytes more", (long long)bytes), NULL;
    arena->total += (size_t)bytes;
    ASAN_UNPOISON_MEMORY_REGION(memory, (size_t)count * size);
    return memory;
}

char *arena_string(struct arena *arena, const char *text, size_t length, struct sy_error *err) {
    if (length >= INT64_MAX) return sy_fail(err, SY_ERR_MEMORY, "a string of %zu bytes", length), NULL;
    char *copy = arena_take(arena, (int64_t)length + 1, 1, err);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, length);
    copy[length] = 0;
    return copy;
}

char *arena_format(struct arena *arena, struct sy_error *err, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = NULL;
    if (length < 0)
        sy_fail(err, SY_ERR_INTERNAL, "the text cannot be formatted");
    else
        text = arena_take(arena, (int64_t)length + 1, 1, err);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}
