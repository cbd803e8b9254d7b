/*
 * Reading a snapshot. The order of checks: is it one, is it whole, was it made by this model in this
 * arithmetic, does it fit; then pages are taken. Fields are copied out of the bytes first, so that a file
 * which somebody changes meanwhile can at worst bring other numbers.
 */
#include "kv/snapshot_file.h"

#include "base/checked.h"
#include "base/os.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct snapshot_input {
    const unsigned char *at; /* what comes next */
    struct snapshot_header header;
    struct snapshot_body body;
};

/* ---- whole? ---- */

static bool damaged(struct sy_error *err, const char *what) {
    sy_fail(err, SY_ERR_FORMAT, "%s", what);
    return sy_error_remedy(err, "save it again: the conversation's text is the only source of its keys");
}

static bool check_whole(struct snapshot_input *in, const unsigned char *bytes, int64_t size,
                        struct sy_error *err) {
    struct snapshot_header *h = &in->header;
    uint8_t hash[HASH_BYTES];
    if (size < (int64_t)sizeof h->magic || memcmp(bytes, SNAPSHOT_MAGIC, sizeof h->magic) != 0)
        return damaged(err, "is no file of saved keys and values");
    if (size < (int64_t)sizeof *h + HASH_BYTES) return damaged(err, "was cut off within its header");
    memcpy(h, bytes, sizeof *h);
    struct hash all = hash_begin();
    hash_add(&all, bytes, size - HASH_BYTES);
    hash_end(&all, hash);
    if (h->body_bytes != size - (int64_t)sizeof *h - HASH_BYTES) /* whatever the checksum says */
        return damaged(err, "is not as long as its header says: it was cut off, or damaged");
    if (memcmp(hash, bytes + size - HASH_BYTES, HASH_BYTES) != 0)
        return damaged(err, "is damaged: its checksum is another");
    if (h->version != SNAPSHOT_VERSION || h->header_bytes != sizeof *h) {
        sy_fail(err, SY_ERR_FORMAT, "is of version %u, this program reads %d", (unsigned)h->version,
                SNAPSHOT_VERSION);
        return sy_error_remedy(err, "restore it with the program that saved it");
    }
    in->at = bytes + sizeof *h;
    return true;
}

/* ---- ours? ---- */

static bool other(struct sy_error *err, const char *what, const char *theirs, const char *ours) {
    sy_fail(err, SY_ERR_INPUT, "was saved with %s %s, and this is %s", what, theirs, ours);
    return sy_error_remedy(err, "run it as it was saved, or begin anew");
}

static bool check_made_by(const struct snapshot_input *in, const struct kv_pool *pool,
                          const struct kv_snapshot_key *key, struct sy_error *err) {
    const struct snapshot_header *h = &in->header;
    const struct kv_layout *l = &pool->layout;
    if (memcmp(h->key.model, key->model, sizeof key->model) != 0) {
        sy_fail(err, SY_ERR_INPUT, "was saved with another model");
        return sy_error_remedy(err, "give the model that it was saved with");
    }
    if (!memchr(h->key.arithmetic, 0, sizeof key->arithmetic))
        return damaged(err, "holds a header that no version writes");
    if (strcmp(h->key.arithmetic, key->arithmetic) != 0)
        return other(err, "precision", h->key.arithmetic, key->arithmetic);
    if (h->dtype != (uint32_t)l->dtype)
        return other(err, "a cache of", h->dtype < DTYPE_COUNT ? dtype_name((enum dtype)h->dtype) : "?",
                     dtype_name(l->dtype));
    if (h->page != KV_PAGE || h->layers != pool->spec->decoder.layer_count ||
        h->heads != pool->spec->attention.kv_heads || h->key_width != l->key_width ||
        h->value_width != l->value_width || h->zero != 0 || h->long_rope > 1 ||
        (h->long_rope && pool->spec->rope.scaling != ROPE_LONGROPE))
        return damaged(err, "contradicts the model that it names");
    return true;
}

/* ---- does it fit? ---- */

static bool check_counts(struct snapshot_input *in, const struct kv_pool *pool, int64_t positions,
                         struct sy_error *err) {
    const struct snapshot_header *h = &in->header;
    if (h->length < 0 || h->id_count < h->length)
        return damaged(err, "holds a header that no version writes");
    if (h->length > positions) {
        sy_fail(err, SY_ERR_LIMIT, "holds %lld positions, and a sequence has room for %lld here",
                (long long)h->length, (long long)positions);
        return sy_error_remedy(err, "open with a larger sy_options.context");
    }
    if (!snapshot_body_of(pool, h->length, h->id_count, &in->body) || in->body.ids_bytes > h->body_bytes ||
        in->body.table_bytes > h->body_bytes || in->body.page_bytes > h->body_bytes ||
        in->body.ids_bytes + in->body.table_bytes + in->body.page_bytes != h->body_bytes)
        return damaged(err, "is not as long as its counts ask for");
    if (in->body.page_count <= pool->free_count) return true;
    sy_fail(err, SY_ERR_MEMORY, "%lld pages of keys and values are needed, %lld are free",
            (long long)in->body.page_count, (long long)pool->free_count);
    return sy_error_remedy(err, "release other sequences first");
}

static bool check_ids(const struct snapshot_input *in, const struct kv_pool *pool, const int64_t *ids,
                      struct sy_error *err) {
    for (int64_t i = 0; i < in->header.id_count; i++)
        if (ids[i] < 0 || ids[i] >= pool->spec->vocab) {
            damaged(err, "holds an id that is not in the vocabulary");
            return sy_error_at(err, "id number %lld", (long long)i + 1);
        }
    return true;
}

static bool check_table(const struct snapshot_input *in, const struct kv_pool *pool,
                        const unsigned char *table, struct sy_error *err) {
    const struct snapshot_body *b = &in->body;
    int64_t layers = pool->spec->decoder.layer_count;
    for (int64_t i = 0; i < b->table_bytes; i++) {
        int64_t layer = b->pages > 0 ? i / b->pages : layers, p = b->pages > 0 ? i % b->pages : 0;
        bool wanted = layer < layers && snapshot_holds(pool, layer, p, in->header.length);
        bool right = wanted ? table[i] >= 1 && table[i] <= (KV_BY_PROMPT | KV_BY_STEP) : table[i] == 0;
        if (!right) return damaged(err, "holds a table of pages that contradicts its length");
    }
    return true;
}

/* ---- taking it ---- */

static bool take_piece(void *argument, unsigned char *bytes, int64_t size, struct sy_error *err) {
    struct snapshot_input *in = argument;
    (void)err;
    memcpy(bytes, in->at, (size_t)size);
    in->at += size;
    return true;
}

static void take_pages(struct snapshot_input *in, struct kv_sequence *s, const unsigned char *table) {
    int64_t length = in->header.length;
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = 0; p < in->body.pages; p++) {
            if (!snapshot_holds(s->pool, layer, p, length)) {
                s->rollback_to =
                    max_i64(s->rollback_to,
                            kv_first_without(&s->pool->spec->decoder.layers[layer], (p + 1) * KV_PAGE));
                continue;
            }
            unsigned char *page = pool_take(s->pool);
            assert(page); /* they were counted */
            s->page[layer * s->pages + p] = page;
            s->pool->roles[pool_index(s->pool, page)] = table[layer * in->body.pages + p];
            if (!snapshot_pieces(s->pool, page, min_i64(KV_PAGE, length - p * KV_PAGE), take_piece, in, NULL))
                assert(false);
        }
    s->length = length;
    s->long_rope = in->header.long_rope;
}

static bool take_body(struct snapshot_input *in, struct kv_pool *pool, int64_t positions,
                      struct kv_sequence **out, int64_t **ids, struct sy_error *err) {
    int64_t *copy = malloc((size_t)in->body.ids_bytes + 1);
    unsigned char *table = malloc((size_t)in->body.table_bytes + 1);
    bool done = false;
    if (!copy || !table) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ids", (long long)in->header.id_count);
        goto done;
    }
    memcpy(copy, in->at, (size_t)in->body.ids_bytes);
    memcpy(table, in->at + in->body.ids_bytes, (size_t)in->body.table_bytes);
    in->at += in->body.ids_bytes + in->body.table_bytes;
    if (!check_ids(in, pool, copy, err) || !check_table(in, pool, table, err) ||
        !kv_sequence_open(pool, positions, out, err))
        goto done;
    take_pages(in, *out, table);
    *ids = copy;
    copy = NULL;
    done = true;
done:
    free(copy);
    free(table);
    return done;
}

bool kv_snapshot_parse(struct kv_pool *pool, int64_t positions, const struct kv_snapshot_key *key,
                       const void *bytes, int64_t size, struct kv_sequence **out, int64_t **ids,
                       int64_t *count, struct sy_error *err) {
    struct snapshot_input in;
    if (!check_whole(&in, bytes, size, err) || !check_made_by(&in, pool, key, err) ||
        !check_counts(&in, pool, positions, err) || !take_body(&in, pool, positions, out, ids, err))
        return false;
    *count = in.header.id_count;
    return true;
}

bool kv_snapshot_read(struct kv_pool *pool, int64_t positions, const struct kv_snapshot_key *key,
                      const char *path, struct kv_sequence **out, int64_t **ids, int64_t *count,
                      struct sy_error *err) {
    struct os_map map;
    if (!os_map_open(path, &map, err)) return false;
    bool done = kv_snapshot_parse(pool, positions, key, map.data, map.size, out, ids, count, err);
    os_map_close(&map);
    return done || sy_error_in(err, path);
}
