/*
 * An account of what a model's files say, and what becomes of each statement.
 *
 * The rule: whatever a file says that has a meaning for the result is used, or refused, or warned of by
 * name. Two things serve it. A table of meanings (struct meaning) names each key that is known, with its
 * fate, beside the code that reads the file. An account (struct account) is what came of one model: a line
 * for each tensor, key and side file, in the order in which they were met, for `switchyard show` and for
 * warnings.
 *
 *     { "rope_theta",   FATE_USED,    "rope" },
 *     { "use_cache",    FATE_IGNORED, "a default of another program" },
 *     { "mlp_only_layers", FATE_REFUSED, "must be empty" },
 */
#ifndef BASE_ACCOUNT_H
#define BASE_ACCOUNT_H

#include "base/arena.h"

enum fate {
    FATE_USED,    /* it decides something of the result */
    FATE_WARNED,  /* it has a meaning that is not obeyed, or is doubtful: said on stderr, by name */
    FATE_IGNORED, /* it has no meaning for the result here: `reason` says why */
    FATE_REFUSED, /* of a table of meanings: any value but the one that `reason` names refuses the model */
    FATE_UNKNOWN, /* nobody here knows it: said on stderr, by name */
    FATE_COUNT,
};
const char *fate_name(enum fate fate); /* "used", .. */

/* A known key, in a table that ends with key NULL. '*' at the end of a key stands for any rest. */
struct meaning {
    const char *key;
    enum fate fate;
    const char *reason; /* used: by what; ignored: why; refused: unless what */
};
/* Does this key of a table mean that one? */
bool meaning_covers(const char *pattern, const char *key);
/* The first entry for the key; NULL: the table does not know it. */
const struct meaning *meaning_find(const struct meaning *table, const char *key);

struct account_line {
    const char *file; /* as shown: "config.json", "metadata", "weights" */
    const char *what; /* a key, dotted; a tensor; "" for the file as a whole */
    enum fate fate;
    const char *reason; /* "" where there is nothing to say */
};

struct account {
    struct arena *arena; /* borrowed: lines, and copies of their texts */
    struct account_line *lines;
    int64_t count, room;
};

void account_open(struct account *account, struct arena *arena); /* empty */
/* Adds a line; texts are copied. */
SY_MUST_CHECK bool account_add(struct account *account, const char *file, const char *what, enum fate fate,
                               struct sy_error *err, const char *reason, ...) SY_PRINTF(6, 7);
int64_t account_number(const struct account *account, enum fate fate); /* of lines with this fate */

#endif
