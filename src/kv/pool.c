/*
 * The pool: pages of one size in one block of memory, taken and touched at start, counted by reference.
 */
#include "kv/kv_private.h"

#include "base/checked.h"
#include "base/os.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Of `width` numbers that stand together: whole units, the last one filled up. */
static int64_t row_bytes(enum dtype dtype, int64_t width) {
    int64_t elements, bytes;
    dtype_unit(dtype, &elements, &bytes);
    return ceil_div(width, elements) * bytes;
}

struct kv_layout kv_layout_of(const struct spec *spec, enum dtype dtype) {
    const struct attention_spec *a = &spec->attention;
    struct kv_layout l = { .dtype = dtype };
    if (a->kind == ATTENTION_LATENT) {
        l.key_width = a->kv_lora_rank + (a->head_width - a->nope_width);
        l.value_stride = l.key_stride = row_bytes(dtype, l.key_width);
        l.page_bytes = KV_PAGE * l.key_stride;
    } else {
        l.key_width = a->kv_heads * a->head_width;
        l.value_width = a->kv_heads * a->value_width;
        l.key_stride = row_bytes(dtype, a->head_width);
        l.value_stride = row_bytes(dtype, a->value_width);
        l.key_head_stride = KV_PAGE * l.key_stride;
        l.value_head_stride = KV_PAGE * l.value_stride;
        l.value_offset = a->kv_heads * l.key_head_stride;
        l.page_bytes = l.value_offset + a->kv_heads * l.value_head_stride;
    }
    l.page_bytes = round_up(l.page_bytes, ARENA_ALIGN);
    return l;
}

bool kv_pages_needed(const struct spec *spec, int64_t sequences, int64_t positions, int64_t *pages,
                     struct sy_error *err) {
    int64_t rounded;
    if (!size_round_up(positions, KV_PAGE, &rounded) || !size_mul(rounded / KV_PAGE, sequences, pages) ||
        !size_mul(*pages, spec->decoder.layer_count, pages) || *pages > INT32_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "%lld sequence%s of %lld positions are more pages than can be counted",
                (long long)sequences, sequences == 1 ? "" : "s", (long long)positions);
        return sy_error_remedy(err, "ask for a shorter context");
    }
    return true;
}

bool kv_pool_bytes(const struct spec *spec, enum dtype dtype, int64_t pages, int64_t *bytes,
                   struct sy_error *err) {
    struct kv_layout layout = kv_layout_of(spec, dtype);
    if (!size_mul(layout.page_bytes, max_i64(pages, 1), bytes))
        return sy_fail(err, SY_ERR_LIMIT, "%lld pages of keys and values overflow 64 bits", (long long)pages);
    return true;
}

bool kv_tables_bytes(int64_t pages, int64_t *bytes) {
    const struct kv_pool *p = NULL;
    return size_mul(max_i64(pages, 1), sizeof *p->free_pages + sizeof *p->references + sizeof *p->roles,
                    bytes);
}

bool kv_pool_open(const struct spec *spec, enum dtype dtype, int64_t pages, struct kv_pool **out,
                  struct sy_error *err) {
    struct kv_pool *pool = calloc(1, sizeof *pool);
    if (!pool) return sy_fail(err, SY_ERR_MEMORY, "no memory for the page table");
    pool->spec = spec;
    pool->layout = kv_layout_of(spec, dtype);
    pool->page_count = pages;
    size_t n = (size_t)max_i64(pages, 1);
    pool->free_pages = calloc(n, sizeof *pool->free_pages);
    pool->references = calloc(n, sizeof *pool->references);
    pool->roles = calloc(n, sizeof *pool->roles);
    if (!pool->free_pages || !pool->references || !pool->roles) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for a table of %lld pages", (long long)pages);
        goto fail;
    }
    void *memory;
    if (!kv_pool_bytes(spec, dtype, pages, &pool->memory_bytes, err)) goto fail;
    if (!os_memory_take(pool->memory_bytes, &memory, err)) goto fail;
    pool->memory = memory;
    /* the lowest page on top, so that short runs stay in few huge pages */
    for (int64_t i = 0; i < pages; i++) pool->free_pages[i] = (int32_t)(pages - 1 - i);
    pool->free_count = pages;
    *out = pool;
    return true;
fail:
    kv_pool_close(pool);
    return false;
}

void kv_pool_close(struct kv_pool *pool) {
    if (!pool) return;
    if (pool->memory) os_memory_release(pool->memory, pool->memory_bytes);
    free(pool->free_pages);
    free(pool->references);
    free(pool->roles);
    free(pool);
}

int64_t kv_pool_pages(const struct kv_pool *pool) {
    return pool->page_count;
}

int64_t kv_pool_free_pages(const struct kv_pool *pool) {
    return pool->free_count;
}

const struct kv_layout *kv_pool_layout(const struct kv_pool *pool) {
    return &pool->layout;
}

int32_t pool_index(const struct kv_pool *pool, const void *page) {
    int64_t offset = (const unsigned char *)page - pool->memory;
    assert(offset >= 0 && offset % pool->layout.page_bytes == 0);
    return (int32_t)(offset / pool->layout.page_bytes);
}

void *pool_take(struct kv_pool *pool) {
    if (pool->free_count == 0) return NULL;
    int32_t index = pool->free_pages[--pool->free_count];
    pool->references[index] = 1;
    pool->roles[index] = 0;
    return pool->memory + (int64_t)index * pool->layout.page_bytes;
}

void pool_hold(struct kv_pool *pool, const void *page) {
    pool->references[pool_index(pool, page)]++;
}

void pool_drop(struct kv_pool *pool, const void *page) {
    int32_t index = pool_index(pool, page);
    assert(pool->references[index] > 0);
    if (--pool->references[index] == 0) pool->free_pages[pool->free_count++] = index;
}
