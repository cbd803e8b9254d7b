/*
 * Writing a snapshot, and what reader and writer share: how large it is, and in which pieces a page goes.
 */
#include "kv/snapshot_file.h"

#include "base/checked.h"
#include "base/os.h"

#include <string.h>

/* Bytes of `rows` positions of one page. */
static int64_t rows_bytes(const struct kv_pool *pool, int64_t rows) {
    const struct kv_layout *l = &pool->layout;
    int64_t heads = pool->spec->attention.kv_heads;
    return l->value_width == 0 ? rows * l->key_stride : heads * rows * (l->key_stride + l->value_stride);
}

bool snapshot_body_of(const struct kv_pool *pool, int64_t length, int64_t id_count,
                      struct snapshot_body *body) {
    *body = (struct snapshot_body){ .pages = ceil_div(length, KV_PAGE) };
    int64_t layers = pool->spec->decoder.layer_count;
    if (!size_mul(id_count, (int64_t)sizeof(int64_t), &body->ids_bytes) ||
        !size_mul(layers, body->pages, &body->table_bytes) ||
        !size_round_up(body->table_bytes, 8, &body->table_bytes))
        return false;
    for (int64_t layer = 0; layer < layers; layer++)
        for (int64_t p = 0; p < body->pages; p++) {
            if (!snapshot_holds(pool, layer, p, length)) continue;
            body->page_count++;
            if (!size_add(body->page_bytes, rows_bytes(pool, min_i64(KV_PAGE, length - p * KV_PAGE)),
                          &body->page_bytes))
                return false;
        }
    return true;
}

bool snapshot_pieces(const struct kv_pool *pool, unsigned char *page, int64_t rows, snapshot_piece_fn *visit,
                     void *argument, struct sy_error *err) {
    const struct kv_layout *l = &pool->layout;
    if (l->value_width == 0) return visit(argument, page, rows * l->key_stride, err);
    int64_t heads = pool->spec->attention.kv_heads;
    for (int64_t h = 0; h < heads; h++)
        if (!visit(argument, page + h * l->key_head_stride, rows * l->key_stride, err)) return false;
    for (int64_t h = 0; h < heads; h++)
        if (!visit(argument, page + l->value_offset + h * l->value_head_stride, rows * l->value_stride, err))
            return false;
    return true;
}

struct snapshot_output {
    struct os_writer *writer;
    struct hash hash;
};

static bool put(void *argument, unsigned char *bytes, int64_t size, struct sy_error *err) {
    struct snapshot_output *out = argument;
    hash_add(&out->hash, bytes, size);
    return os_writer_write(out->writer, bytes, size, err);
}

static struct snapshot_header header_of(const struct kv_sequence *s, const struct kv_snapshot_key *key,
                                        int64_t id_count, const struct snapshot_body *body) {
    const struct kv_layout *l = &s->pool->layout;
    struct snapshot_header h = { .version = SNAPSHOT_VERSION,
                                 .header_bytes = sizeof h,
                                 .key = *key,
                                 .dtype = (uint32_t)l->dtype,
                                 .page = KV_PAGE,
                                 .layers = s->layers,
                                 .heads = s->pool->spec->attention.kv_heads,
                                 .key_width = l->key_width,
                                 .value_width = l->value_width,
                                 .length = s->length,
                                 .id_count = id_count,
                                 .body_bytes = body->ids_bytes + body->table_bytes + body->page_bytes,
                                 .long_rope = s->long_rope };
    memcpy(h.magic, SNAPSHOT_MAGIC, sizeof h.magic);
    return h;
}

static bool put_table(const struct kv_sequence *s, const struct snapshot_body *body,
                      struct snapshot_output *out, struct sy_error *err) {
    static const unsigned char zeros[8];
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = 0; p < body->pages; p++) {
            const void *page = s->page[layer * s->pages + p];
            unsigned char roles = page ? s->pool->roles[pool_index(s->pool, page)] : 0;
            if (!put(out, &roles, 1, err)) return false;
        }
    return put(out, (unsigned char *)zeros, body->table_bytes - s->layers * body->pages, err);
}

static bool put_all(const struct kv_sequence *s, const int64_t *ids, int64_t count,
                    const struct kv_snapshot_key *key, struct snapshot_output *out, struct sy_error *err) {
    struct snapshot_body body;
    uint8_t hash[HASH_BYTES];
    if (!snapshot_body_of(s->pool, s->length, count, &body))
        return sy_fail(err, SY_ERR_LIMIT, "%lld positions are too many for a file", (long long)s->length);
    struct snapshot_header header = header_of(s, key, count, &body);
    if (!put(out, (unsigned char *)&header, sizeof header, err)) return false;
    if (count > 0 && !put(out, (unsigned char *)(uintptr_t)ids, body.ids_bytes, err)) return false;
    if (!put_table(s, &body, out, err)) return false;
    for (int64_t layer = 0; layer < s->layers; layer++)
        for (int64_t p = 0; p < body.pages; p++) {
            unsigned char *page = s->page[layer * s->pages + p];
            if (page &&
                !snapshot_pieces(s->pool, page, min_i64(KV_PAGE, s->length - p * KV_PAGE), put, out, err))
                return false;
        }
    hash_end(&out->hash, hash);
    return os_writer_write(out->writer, hash, sizeof hash, err);
}

static bool is_snapshot(const unsigned char *head, int64_t size) {
    return size >= 8 && memcmp(head, SNAPSHOT_MAGIC, 8) == 0;
}

bool kv_snapshot_write(const struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                       const struct kv_snapshot_key *key, const char *path, struct sy_error *err) {
    struct snapshot_output out = { .hash = hash_begin() };
    if (count < sequence->length)
        return sy_fail(err, SY_ERR_USAGE, "%lld ids are given for %lld positions", (long long)count,
                       (long long)sequence->length);
    static const struct os_kind snapshots = { "snapshot of a sequence", is_snapshot };
    const struct os_rule rule = { .private_mode = true, .kind = &snapshots };
    if (!os_writer_open_by(&rule, path, &out.writer, err)) return false;
    if (put_all(sequence, ids, count, key, &out, err)) return os_writer_commit(out.writer, err);
    os_writer_abandon(out.writer);
    return sy_error_in(err, path);
}
