/*
 * A tied head beside a head: config.json says that the table of tokens is the head, yet the file holds both
 * matrices. If they are the same, that is so; if they differ, somebody trained or merged them apart and left
 * the flag: the file's head is what was computed with, as in transformers 5. Comparing ends at the first byte
 * that differs, so that only equal matrices are read whole.
 */
#include "model/claims.h"
#include "model/pattern.h"
#include <stdio.h>
#include <string.h>

const struct tensor *tensor_of_slot(const struct family *family, const struct checkpoint *checkpoint,
                                    enum slot slot) {
    char name[512];
    struct rule_walk walk = rules_of(family);
    while (rule_next(&walk)) {
        if (walk.rule->slot != slot) continue;
        for (int p = -1; p < 0 || (family->prefixes && family->prefixes[p]); p++) {
            const char *prefix = p < 0 ? "" : family->prefixes[p];
            snprintf(name, sizeof name, "%s%s", prefix, walk.rule->pattern);
            const struct tensor *tensor = checkpoint_find(checkpoint, name);
            if (tensor) return tensor;
        }
    }
    return NULL;
}

static bool same_tensor(const struct tensor *a, const struct tensor *b) {
    if (!a || !b) return a == b;
    return a->dtype == b->dtype && a->bytes == b->bytes && a->rank == b->rank &&
           memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape) == 0 &&
           (a->data == b->data || memcmp(a->data, b->data, (size_t)a->bytes) == 0);
}

static const struct tensor *plane_of(const struct checkpoint *checkpoint, const struct tensor *tensor) {
    char name[512];
    int length = snprintf(name, sizeof name, "%s" PLANE_SUFFIX, tensor->name);
    return length < (int)sizeof name ? checkpoint_find(checkpoint, name) : NULL;
}

bool head_settle(const struct family *family, const struct checkpoint *checkpoint, struct spec *spec,
                 struct account *account, struct sy_error *err) {
    if (!spec->tied) return true;
    const struct tensor *table = tensor_of_slot(family, checkpoint, SLOT_EMBED);
    const struct tensor *head = tensor_of_slot(family, checkpoint, SLOT_HEAD);
    if (!table || !head) return true; /* one alone serves as both */
    if (same_tensor(table, head) && same_tensor(plane_of(checkpoint, table), plane_of(checkpoint, head)))
        return true;
    spec->tied = false;
    return account_add(account, ACCOUNT_WEIGHTS, head->name, FATE_WARNED, err,
                       "differs from %s, though %s says that the two are tied: it is used as the head",
                       table->name, family_described_by(family));
}
