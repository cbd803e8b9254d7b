/*
 * A sequence's view of the pool: for each layer a table of pages by position.
 *
 *   reserve   makes the next positions writable: takes pages, copies shared ones
 *   commit    the rows are written: the sequence is longer, and pages that lie before every window go back
 *   rollback  the sequence is shorter; whole pages behind the new end go back
 *   fork      another sequence with the same past: references, no copies
 */
#include "kv/kv_private.h"

#include "base/checked.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

bool kv_sequence_bytes(const struct spec *spec, int64_t positions, int64_t *bytes) {
    return size_round_up(positions, KV_PAGE, bytes) &&
           size_mul(*bytes / KV_PAGE, spec->decoder.layer_count, bytes) &&
           size_mul_add(*bytes, sizeof(void *), sizeof(struct kv_sequence), bytes);
}

bool kv_sequence_open(struct kv_pool *pool, int64_t positions, struct kv_sequence **out,
                      struct sy_error *err) {
    struct kv_sequence *s = calloc(1, sizeof *s);
    int64_t cells;
    if (!s) return sy_fail(err, SY_ERR_MEMORY, "no memory for a sequence");
    s->pool = pool;
    s->layers = pool->spec->decoder.layer_count;
    s->room = positions;
    s->pages = ceil_div(positions, KV_PAGE);
    if (!size_mul(s->layers, s->pages, &cells) ||
        !(s->page = calloc((size_t)max_i64(cells, 1), sizeof *s->page))) {
        free(s);
        return sy_fail(err, SY_ERR_MEMORY, "no memory for the pages of %lld positions", (long long)positions);
    }
    *out = s;
    return true;
}

void kv_sequence_close(struct kv_sequence *s) {
    if (!s) return;
    for (int64_t i = 0; i < s->layers * s->pages; i++)
        if (s->page[i]) pool_drop(s->pool, s->page[i]);
    free(s->page);
    free(s);
}

bool kv_sequence_fork(const struct kv_sequence *from, struct kv_sequence **out, struct sy_error *err) {
    if (!kv_sequence_open(from->pool, from->room, out, err)) return false;
    struct kv_sequence *s = *out;
    memcpy(s->page, from->page, (size_t)(s->layers * s->pages) * sizeof *s->page);
    for (int64_t i = 0; i < s->layers * s->pages; i++)
        if (s->page[i]) pool_hold(s->pool, s->page[i]);
    s->length = from->length;
    s->rollback_to = from->rollback_to;
    s->long_rope = from->long_rope;
    return true;
}

int64_t kv_length(const struct kv_sequence *s) {
    return s->length;
}
int64_t kv_room(const struct kv_sequence *s) {
    return s->room;
}
bool kv_long_rope(const struct kv_sequence *s) {
    return s->long_rope;
}

void kv_set_long_rope(struct kv_sequence *s, bool on) {
    assert(s->length == 0);
    s->long_rope = on;
}

/* Is a write to this page a write to somebody else's too? */
static bool shared(const struct kv_sequence *s, const void *page) {
    return s->pool->references[pool_index(s->pool, page)] > 1;
}

bool kv_reserve(struct kv_sequence *s, int64_t count, struct sy_error *err) {
    if (count > s->room - s->length) {
        sy_fail(err, SY_ERR_LIMIT,
                "the context of %lld positions is full: %lld are used and %lld more are needed",
                (long long)s->room, (long long)s->length, (long long)count);
        return sy_error_remedy(err, "open with a larger sy_options.context");
    }
    if (count <= 0) return true;
    int64_t first = s->length / KV_PAGE, last = (s->length + count - 1) / KV_PAGE;
    int64_t needed = 0;
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = first; p <= last; p++) {
            const void *page = s->page[layer * s->pages + p];
            needed += !page || shared(s, page);
        }
    if (needed > s->pool->free_count)
        return sy_fail(err, SY_ERR_MEMORY, "%lld pages of keys and values are needed, %lld are free",
                       (long long)needed, (long long)s->pool->free_count);
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = first; p <= last; p++) {
            void **cell = &s->page[layer * s->pages + p];
            if (*cell && !shared(s, *cell)) continue;
            void *page = pool_take(s->pool);
            if (*cell) { /* copy on write */
                memcpy(page, *cell, (size_t)s->pool->layout.page_bytes);
                s->pool->roles[pool_index(s->pool, page)] = s->pool->roles[pool_index(s->pool, *cell)];
                pool_drop(s->pool, *cell);
            }
            *cell = page;
        }
    return true;
}

int64_t kv_first_visible(const struct layer_spec *layer, int64_t position) {
    if (layer->window == WINDOW_SLIDING) return max_i64(0, position - layer->window_size + 1);
    if (layer->window == WINDOW_CHUNKED) return position / layer->window_size * layer->window_size;
    return 0;
}

int64_t kv_first_without(const struct layer_spec *layer, int64_t end) {
    return layer->window == WINDOW_CHUNKED ? round_up(end, layer->window_size) : end + layer->window_size - 1;
}

void kv_commit(struct kv_sequence *s, int64_t count, unsigned roles) {
    assert(count >= 0 && count <= s->room - s->length);
    if (count == 0) return;
    int64_t first = s->length / KV_PAGE, last = (s->length + count - 1) / KV_PAGE;
    s->length += count;
    for (int64_t layer = 0; layer < s->layers; layer++) {
        void **row = s->page + layer * s->pages;
        for (int64_t p = first; p <= last; p++) s->pool->roles[pool_index(s->pool, row[p])] |= (uint8_t)roles;
        int64_t visible = kv_first_visible(&s->pool->spec->decoder.layers[layer], s->length);
        for (int64_t p = 0; (p + 1) * KV_PAGE <= visible; p++) {
            if (!row[p]) continue;
            pool_drop(s->pool, row[p]);
            row[p] = NULL;
            s->rollback_to = max_i64(
                s->rollback_to, kv_first_without(&s->pool->spec->decoder.layers[layer], (p + 1) * KV_PAGE));
        }
    }
}

bool kv_rollback(struct kv_sequence *s, int64_t length, struct sy_error *err) {
    if (length == 0) s->rollback_to = 0;
    if (length < s->rollback_to || length > s->length)
        return sy_fail(err, SY_ERR_INPUT,
                       "cannot go back to position %lld: only %lld to %lld are still there",
                       (long long)length, (long long)s->rollback_to, (long long)s->length);
    int64_t keep = ceil_div(length, KV_PAGE);
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = keep; p < s->pages; p++) {
            void **cell = &s->page[layer * s->pages + p];
            if (*cell) pool_drop(s->pool, *cell);
            *cell = NULL;
        }
    s->length = length;
    return true;
}

static unsigned char *row_of(const struct kv_sequence *s, int64_t layer, int64_t position, int64_t offset,
                             int64_t stride) {
    unsigned char *page = s->page[layer * s->pages + position / KV_PAGE];
    assert(page);
    return page + offset + position % KV_PAGE * stride;
}

void *kv_key(const struct kv_sequence *s, int64_t layer, int64_t position) {
    return row_of(s, layer, position, 0, s->pool->layout.key_stride);
}

void *kv_value(const struct kv_sequence *s, int64_t layer, int64_t position) {
    return row_of(s, layer, position, s->pool->layout.value_offset, s->pool->layout.value_stride);
}

const void *const *kv_pages(const struct kv_sequence *s, int64_t layer) {
    return (const void *const *)(s->page + layer * s->pages);
}
