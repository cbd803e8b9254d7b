/*
 * A sequence's keys and values as bytes in a file, and back. Only pages that a window still holds are
 * written; a restored sequence continues with the same bits as the one that was saved.
 *
 *     file: header (magic, version, layout, length, roles, model fingerprint, sizes) | ids | pages by layer |
 *           checksum of everything before
 *
 * Written aside with mode 0600 and renamed (base/os.h). Every field is checked against the pool and the spec
 * before a page is taken; a file of another model, precision or layout, or with one bit changed, is refused
 * by name.
 */
#ifndef KV_SNAPSHOT_H
#define KV_SNAPSHOT_H

#include "kv/kv.h"

struct kv_snapshot_key { /* what a file is bound to: weights, spec, and everything that decides bits */
    uint8_t hash[32];
};

SY_MUST_CHECK bool kv_snapshot_write(const struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                                     const struct kv_snapshot_key *key, const char *path,
                                     struct sy_error *err);
/* *ids is malloc'ed. Positions: room of the new sequence. */
SY_MUST_CHECK bool kv_snapshot_read(struct kv_pool *pool, int64_t positions,
                                    const struct kv_snapshot_key *key, const char *path,
                                    struct kv_sequence **out, int64_t **ids, int64_t *count,
                                    struct sy_error *err);

#endif
