/*
 * Arenas: memory by lifetime (model, session, step), so that clean-up is one call and a failure leaks
 * nothing.
 *
 * Two kinds behind one type:
 *   - growing, arena_open(): blocks from the heap as needed; for building things (a model's tables, a header)
 *   - fixed, arena_over(): a cursor over memory that somebody else owns, of a size computed beforehand
 *
 * A fixed arena may be copied: threads of a team that make the same takes from copies of one cursor get the
 * same pointers, which is how they share scratch without talking (base/team.h).
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/error.h"
#include <stdint.h>

#define ARENA_ALIGN 64 /* every take is aligned to this many bytes: a cache line, a zmm register */

struct arena_block;

struct arena {
    char *base;               /* current block */
    size_t size, used;        /* of the current block, bytes */
    size_t total;             /* bytes taken in all */
    struct arena_block *list; /* blocks to free; NULL for a fixed arena */
    bool fixed, sealed;
};

void arena_open(struct arena *arena);                            /* growing, empty; cannot fail */
void arena_over(struct arena *arena, void *memory, size_t size); /* fixed; borrows memory (64-byte aligned) */
void arena_close(struct arena *arena); /* frees what a growing arena took; every take fails from now on */
void arena_reset(struct arena *arena); /* growing: free all; fixed: used = 0 */
void arena_seal(struct arena *arena);  /* from now on every take fails: proves hot paths take none */

/* Memory of `count` elements of `size` bytes, zeroed in a growing arena, as it lies in a fixed one. NULL and
 * err (SY_ERR_MEMORY, with the numbers) when the product overflows, the arena is full or sealed, or the heap
 * is. count 0 gives a valid pointer that must not be read. */
void *arena_take(struct arena *arena, int64_t count, size_t size, struct sy_error *err);
#define arena_new(arena, type, count, err) ((type *)arena_take((arena), (count), sizeof(type), (err)))

/* Bytes that one take occupies in a fixed arena: what X_bytes functions add up. False on overflow. */
bool arena_take_bytes(int64_t count, size_t size, int64_t *bytes);

/* Copies with a NUL behind. NULL and err as above. */
char *arena_string(struct arena *arena, const char *text, size_t length, struct sy_error *err);
char *arena_format(struct arena *arena, struct sy_error *err, const char *format, ...) SY_PRINTF(3, 4);

#endif
