/*
 * A sequence's keys and values as bytes in a file, and back. Only what a window still holds is written, and
 * of a page only the positions that ran; a restored sequence continues with the same bits as the one that was
 * saved.
 *
 *     header  struct snapshot_header (snapshot_file.h), 184 bytes: what made it, its layout, counts
 *     ids     [id_count] i64
 *     table   [layers][pages] u8: the roles that made the page, 0: the window gave it back; zeros up to a
 *             multiple of 8 bytes
 *     pages   by layer, then by position: for each head the rows of its keys, then for each head its values
 *     hash    [32] of everything before (base/hash.h)
 *
 * All numbers are little-endian. Written aside with mode 0600 and renamed (base/os.h). Everything is checked
 * before a page is taken: a file that was cut, or has one bit changed, is refused as damaged, one of another
 * model, precision or layout by name. The hash is no signature: a file made up by somebody restores whatever
 * keys he likes, but harms nothing else.
 */
#ifndef KV_SNAPSHOT_H
#define KV_SNAPSHOT_H

#include "kv/kv.h"

struct kv_snapshot_key { /* what a file is bound to */
    uint8_t model[32];   /* model/fingerprint.h: spec and weights */
    char arithmetic[64]; /* "exact", "fast": what else decides bits. Text, for errors */
};

/* ids [count] are those that ran, and any that follow (count is at least the sequence's length). */
SY_MUST_CHECK bool kv_snapshot_write(const struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                                     const struct kv_snapshot_key *key, const char *path,
                                     struct sy_error *err);
/* *ids is malloc'ed. Positions: room of the new sequence. */
SY_MUST_CHECK bool kv_snapshot_read(struct kv_pool *pool, int64_t positions,
                                    const struct kv_snapshot_key *key, const char *path,
                                    struct kv_sequence **out, int64_t **ids, int64_t *count,
                                    struct sy_error *err);
/* The same from bytes in memory; `name` is for errors. */
SY_MUST_CHECK bool kv_snapshot_parse(struct kv_pool *pool, int64_t positions,
                                     const struct kv_snapshot_key *key, const void *bytes, int64_t size,
                                     struct kv_sequence **out, int64_t **ids, int64_t *count,
                                     struct sy_error *err);

#endif
