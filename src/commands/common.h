/*
 * The options that all commands share which run a model.
 */
#ifndef COMMANDS_COMMON_H
#define COMMANDS_COMMON_H

#include "base/options.h"

struct common { /* stands first in the arguments of such a command */
    int64_t threads, context, memory;
    bool exact, fast, ignore_unknown, verbose, no_defaults;
    int kv, cpu; /* index of the word; -1: not given */
    int regime;  /* an enum regime */
    int layout;  /* an enum weights_layout */
};
#define COMMON_DEFAULTS                                                                                      \
    { .kv = -1, .cpu = -1 }
extern const struct option_table common_table;

/* What --kv and --cpu name, written into `word`; NULL where they are not given. */
#define COMMON_WORD 16
const char *common_kv(const struct common *common, char word[COMMON_WORD]);
const char *common_cpu(const struct common *common, char word[COMMON_WORD]);

#define COMMON_THREADS "1 to 256" /* of every command's --threads: TEAM_MAX */

/* After success: warns where --ctx, or a sequence of `used` positions, goes beyond what the model was made
 * for (0: unknown). */
void common_warn_context(const struct common *common, int64_t used, int64_t made_for);

#endif
