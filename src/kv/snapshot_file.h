/* How a snapshot lies in a file (kv/snapshot.h draws it); for its reader, its writer, its tests and its fuzz
 * target. */
#ifndef KV_SNAPSHOT_FILE_H
#define KV_SNAPSHOT_FILE_H

#include "base/hash.h"
#include "kv/kv_private.h"
#include "kv/snapshot.h"

#define SNAPSHOT_MAGIC   "SYkv\r\n\x1a\n" /* eight bytes; what a transfer as text would change */
#define SNAPSHOT_VERSION 1

struct snapshot_header {
    char magic[8];
    uint32_t version, header_bytes;
    struct kv_snapshot_key key;
    uint32_t dtype, page; /* enum dtype; KV_PAGE */
    int64_t layers, heads, key_width, value_width;
    int64_t length, id_count;
    int64_t body_bytes; /* ids, table and pages */
    uint32_t long_rope, zero;
};
_Static_assert(sizeof(struct snapshot_header) == 184, "the header has no gaps");

/* What lies between header and hash. */
struct snapshot_body {
    int64_t pages; /* of a layer: as many as `length` fills */
    int64_t ids_bytes, table_bytes;
    int64_t page_count, page_bytes; /* pages present, and their rows in all */
};

/* By the layout of a pool alone. False on overflow. */
bool snapshot_body_of(const struct kv_pool *pool, int64_t length, int64_t id_count,
                      struct snapshot_body *body);

/* Does a sequence of this length still hold page p of the layer? */
static inline bool snapshot_holds(const struct kv_pool *pool, int64_t layer, int64_t p, int64_t length) {
    return (p + 1) * KV_PAGE > kv_first_visible(&pool->spec->decoder.layers[layer], length);
}

/* Rows of one page go by pieces that lie together: visit(argument, bytes, size) for each, in the order of the
 * file; false ends it. */
typedef bool snapshot_piece_fn(void *argument, unsigned char *bytes, int64_t size, struct sy_error *err);
bool snapshot_pieces(const struct kv_pool *pool, unsigned char *page, int64_t rows, snapshot_piece_fn *visit,
                     void *argument, struct sy_error *err);

#endif
