/* The insides of the pool and of a sequence, for the files of this folder alone. */
#ifndef KV_KV_PRIVATE_H
#define KV_KV_PRIVATE_H

#include "kv/kv.h"

struct kv_pool {
    const struct spec *spec;
    struct kv_layout layout;
    unsigned char *memory;
    int64_t memory_bytes;
    int64_t page_count;
    int64_t free_count;
    int32_t *free_pages; /* a stack of indices */
    int32_t *references; /* [page_count] */
    uint8_t *roles;      /* [page_count] KV_BY_* */
};

struct kv_sequence {
    struct kv_pool *pool;
    int64_t layers, length, room;
    int64_t pages;       /* a layer, at most */
    int64_t rollback_to; /* the shortest length that rollback may reach: windows gave back what lies before */
    bool long_rope;
    void **page; /* [layers * pages] into the pool's memory, or NULL */
};

/* The first position that a query at `position` sees in this layer. */
int64_t kv_first_visible(const struct layer_spec *layer, int64_t position);
/* The first position whose query sees nothing before `end`: a sequence without those keys may go back to it,
 * and no further. */
int64_t kv_first_without(const struct layer_spec *layer, int64_t end);

int32_t pool_index(const struct kv_pool *pool, const void *page);
void *pool_take(struct kv_pool *pool); /* NULL: none free */
void pool_hold(struct kv_pool *pool, const void *page);
void pool_drop(struct kv_pool *pool, const void *page);

#endif
