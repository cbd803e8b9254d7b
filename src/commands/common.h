/*
 * What commands that run a model share: their options, the way to a session, and what --verbose says of it.
 */
#ifndef COMMANDS_COMMON_H
#define COMMANDS_COMMON_H

#include "base/options.h"
#include "engine/session.h"

struct common { /* stands first in the arguments of such a command */
    int64_t threads, context, memory;
    bool exact, fast, ignore_unknown, verbose;
    int kv, cpu; /* index of the word; -1: not given */
    int regime;  /* an enum regime */
};
#define COMMON_DEFAULTS                                                                                      \
    { .kv = -1, .cpu = -1 }
extern const struct option_table common_table;

/* The model that a word names: a path, else a name in $SWITCHYARD_MODELS. */
SY_MUST_CHECK bool common_model_path(const char *word, char *path, size_t size, struct sy_error *err);

/* Options for a session in which each sequence needs `positions`. exact_default: what the command wants where
 * the user does not say. */
SY_MUST_CHECK bool common_options(const struct common *common, bool exact_default, int64_t positions,
                                  struct session_options *options, struct sy_error *err);

/* Opens the model that `word` names, and tells stderr about it under --verbose. */
SY_MUST_CHECK bool common_open(const struct common *common, const char *word,
                               const struct session_options *options, struct session *session,
                               struct sy_error *err);

/* Positions that a sequence may have: what --ctx says, else no more than the model was made for. */
int64_t common_room(const struct common *common, const struct session *session);

/* "exact, f32 cache, avx512, 2 threads" */
char *common_precision(const struct session *session, char *text, size_t size);

#endif
