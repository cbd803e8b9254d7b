/*
 * What a session takes, part by part, computed before anything is taken, by the functions beside the code
 * that takes it; and the refusal of what does not fit.
 *
 *     weights  the tensors that slots are bound to, in the checkpoint's mapping: used in place, no copy
 *     records  what of them is brought into memory of the store's own instead        store_packed_bytes
 *     vectors  norm weights, biases and their like, decoded once                   store_bytes
 *     cache    pages of keys and values                                            kv_pool_bytes
 *     step     all that one batch needs on its way through the layers              pass_bytes
 *     tables   names and views of tensors, of pages, of a batch's rows; counters    summed in memory.c
 *     program  its text, its libraries, its heap at rest, a stack for each thread  measured (docs/memory.md)
 *     beside   what the caller takes: tokenizer, scheduler                         the caller says
 *
 * The sum bounds the peak of the resident set: everything but the weights is touched at the start; of the
 * weights a page counts once it was read. A limit smaller than the sum is refused, though weights alone could
 * be dropped and read again: a model that does that for each token is no use, and who wants it says --memory.
 */
#ifndef ENGINE_MEMORY_H
#define ENGINE_MEMORY_H

#include "pass/pass.h"

#define MEMORY_PROGRAM ((int64_t)7 << 20)
#define MEMORY_THREAD  ((int64_t)384 << 10) /* of stack and thread's own heap, touched */
#define MEMORY_BESIDE  200000000            /* the promise: all but weights and cache takes no more.. */
#define MEMORY_TEXT    40000000             /* ..of which so much is left to a tokenizer and a scheduler */

struct memory_need { /* bytes */
    int64_t weights, records, vectors, cache, step, tables, program, beside;
};

/* Positions that have room: of one sequence at most, and of all together in the pool of pages (a layer has
 * whole pages of KV_PAGE); 0: as many as all sequences can need, and never more. */
struct cache_size {
    int64_t context, pool;
};

/* Pages of that pool. */
SY_MUST_CHECK bool cache_pages(const struct spec *spec, int64_t sequences, const struct cache_size *size,
                               int64_t *pages, struct sy_error *err);

/* Fills all but weights and beside. */
SY_MUST_CHECK bool memory_need(const struct spec *spec, const struct numerics *numerics,
                               const struct pass_limits *limits, const struct cache_size *size,
                               struct memory_need *need, struct sy_error *err);
/* Rows of a batch where nobody asks for a number: 512, halved (to 32 at least) while all but weights, cache
 * and text would take more than MEMORY_BESIDE leaves. limits->rows is ignored. No bit depends on it. */
int64_t memory_rows(const struct spec *spec, const struct numerics *numerics,
                    const struct pass_limits *limits);
int64_t memory_total(const struct memory_need *need);   /* INT64_MAX where it overflows */
int64_t memory_weights(const struct memory_need *need); /* wherever they are */
/* All but the mapped weights: what nobody can drop. */
int64_t memory_anonymous(const struct memory_need *need);
/* Could `bytes` of the mapped weights be brought into memory, and all still be within what is free and what
 * the user allows (`asked`, 0: no word)? */
bool memory_holds(const struct memory_need *need, int64_t bytes, int64_t asked);

/* SY_ERR_MEMORY unless `need` fits: `asked` is what the user allows (0: what the machine and its control
 * groups do). Says what is short, and which --ctx, or pool where one was asked for, would fit. */
SY_MUST_CHECK bool memory_check(const struct spec *spec, const struct numerics *numerics,
                                const struct pass_limits *limits, const struct cache_size *size,
                                const struct memory_need *need, int64_t asked, struct sy_error *err);

#endif
