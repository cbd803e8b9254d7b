/*
 * Saving and restoring a sequence of a session: kv/snapshot.h, bound to this session's model and arithmetic.
 */
#include "engine/session.h"

#include "kv/snapshot.h"
#include "model/fingerprint.h"

#include <stdio.h>
#include <string.h>

/* What the file is bound to. The fingerprint touches some pages of every weight, so it is taken once, and
 * only when somebody saves or restores. */
static bool key_of(struct session *s, struct kv_snapshot_key *key, struct sy_error *err) {
    if (!s->fingerprinted && !model_fingerprint(&s->model.spec, &s->store.table, s->fingerprint, err))
        return false;
    s->fingerprinted = true;
    *key = (struct kv_snapshot_key){ .arithmetic = "exact" };
    memcpy(key->model, s->fingerprint, sizeof key->model);
    if (s->numerics.compute != COMPUTE_F32)
        snprintf(key->arithmetic, sizeof key->arithmetic, "fast (regime %s)",
                 s->numerics.regime == REGIME_INTEGER ? "integer" : "bf16");
    return true;
}

bool session_save(struct session *s, const struct kv_sequence *sequence, const int64_t *ids, int64_t count,
                  const char *path, struct sy_error *err) {
    struct kv_snapshot_key key;
    return key_of(s, &key, err) && kv_snapshot_write(sequence, ids, count, &key, path, err);
}

bool session_restore(struct session *s, const char *path, struct kv_sequence **out, int64_t **ids,
                     int64_t *count, struct sy_error *err) {
    struct kv_snapshot_key key;
    return key_of(s, &key, err) && kv_snapshot_read(s->pool, s->context, &key, path, out, ids, count, err);
}
