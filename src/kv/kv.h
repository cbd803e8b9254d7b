/*
 * Keys and values in pages. One page holds KV_PAGE positions of one layer; pages come from a pool of fixed
 * size, are counted by reference, and copied when a sequence writes into one that it shares. MLA keeps one
 * row [latent | rotated key] a position, never expanded keys. Layers with a window give back pages that
 * nobody can see any more.
 *
 *     page of a grouped layer:  keys [kv_heads][KV_PAGE][hd]  then  values [kv_heads][KV_PAGE][hd]
 *     page of a latent layer:   rows [KV_PAGE][kv_lora + rotary]       (values are the first kv_lora columns)
 *
 * A head's 256 rows lie in one piece, for attention reads them so. Stored as f32, f16, bf16 or q8_0: there a
 * row is whole blocks of 32, the last one filled up with zeros (a head of 80 takes 3), so any width will do.
 *
 * A row's bits depend on its sequence alone, so sharing and copying never show.
 */
#ifndef KV_KV_H
#define KV_KV_H

#include "model/spec.h"
#include "tensor/dtype.h"

#define KV_PAGE 256 /* positions: the block of keys that attention takes (kernels/ops.h) */

struct kv_layout { /* bytes */
    enum dtype dtype;
    int64_t key_width, value_width;             /* elements a position, all heads; latent: value_width 0 */
    int64_t key_stride, value_stride;           /* from one position of a head to the next */
    int64_t key_head_stride, value_head_stride; /* from one head to the next; latent: one head */
    int64_t value_offset, page_bytes;
};
struct kv_layout kv_layout_of(const struct spec *spec, enum dtype dtype);

enum { KV_BY_PROMPT = 1, KV_BY_STEP = 2 }; /* a page remembers the roles that made it */

struct kv_pool;

/* Pages that `sequences` sequences of `positions` each need at most. */
SY_MUST_CHECK bool kv_pages_needed(const struct spec *spec, int64_t sequences, int64_t positions,
                                   int64_t *pages, struct sy_error *err);
/* Pages that one sequence takes for itself at most at any time, beside those that it shares of its first
 * `past` positions, when at most `rows` positions are reserved at once (promise.c). */
SY_MUST_CHECK bool kv_pages_promised(const struct spec *spec, int64_t past, int64_t positions, int64_t rows,
                                     int64_t *pages, struct sy_error *err);
/* Bytes that a pool of so many pages takes. */
SY_MUST_CHECK bool kv_pool_bytes(const struct spec *spec, enum dtype dtype, int64_t pages, int64_t *bytes,
                                 struct sy_error *err);
/* Bytes of the tables beside them, and of one sequence's own. False on overflow. */
bool kv_tables_bytes(int64_t pages, int64_t *bytes);
bool kv_sequence_bytes(const struct spec *spec, int64_t positions, int64_t *bytes);
SY_MUST_CHECK bool kv_pool_open(const struct spec *spec, enum dtype dtype, int64_t pages,
                                struct kv_pool **out, struct sy_error *err); /* borrows spec */
void kv_pool_close(struct kv_pool *pool);
int64_t kv_pool_pages(const struct kv_pool *pool); /* in all */
int64_t kv_pool_free_pages(const struct kv_pool *pool);
const struct kv_layout *kv_pool_layout(const struct kv_pool *pool);

struct kv_sequence;

/* Room for at most `positions` positions; takes no page yet. */
SY_MUST_CHECK bool kv_sequence_open(struct kv_pool *pool, int64_t positions, struct kv_sequence **out,
                                    struct sy_error *err);
void kv_sequence_close(struct kv_sequence *sequence); /* gives its pages back; NULL is allowed */
/* Another sequence with the same past, pages shared. */
SY_MUST_CHECK bool kv_sequence_fork(const struct kv_sequence *from, struct kv_sequence **out,
                                    struct sy_error *err);

int64_t kv_length(const struct kv_sequence *sequence);
int64_t kv_room(const struct kv_sequence *sequence); /* positions it may hold in all */
/* Pages of those promised (with the same `past`) that it holds now: nobody else does. */
int64_t kv_pages_own(const struct kv_sequence *sequence, int64_t past);
bool kv_long_rope(const struct kv_sequence *sequence);
/* Longrope: by the length of the whole prompt; only while the sequence is empty. */
void kv_set_long_rope(struct kv_sequence *sequence, bool on);

/* Make positions [length, length + count) writable in every layer: pages taken, shared ones copied. On
 * failure nothing changed. */
SY_MUST_CHECK bool kv_reserve(struct kv_sequence *sequence, int64_t count, struct sy_error *err);
/* The rows are written: length grows; pages outside every window are given back. */
void kv_commit(struct kv_sequence *sequence, int64_t count, unsigned roles);
/* Forget positions from `length` on. Refused (SY_ERR_INPUT) when a window's pages before it are gone. */
SY_MUST_CHECK bool kv_rollback(struct kv_sequence *sequence, int64_t length, struct sy_error *err);

void *kv_key(const struct kv_sequence *sequence, int64_t layer, int64_t position);
void *kv_value(const struct kv_sequence *sequence, int64_t layer, int64_t position);
/* [ceil(room / KV_PAGE)], NULL where none. */
const void *const *kv_pages(const struct kv_sequence *sequence, int64_t layer);

#endif
