/*
 * A person's own defaults: $XDG_CONFIG_HOME/switchyard/config.yaml, else ~/.config/switchyard/config.yaml.
 *
 *     threads: 4                # as --threads
 *     memory: 12G               # as --memory
 *     models: ~/models          # as $SWITCHYARD_MODELS, where that is not set
 *     sampling:                 # as the options of run and chat, before what a model's authors recommend
 *       temp: 0.7
 *       top_k: 40
 *
 * Nothing else may stand there, and values are checked as those of the options are; errors name line and
 * column. --no-defaults, or SWITCHYARD_NO_DEFAULTS in the environment, leaves it unread. --verbose shows
 * it.
 */
#ifndef COMMANDS_DEFAULTS_H
#define COMMANDS_DEFAULTS_H

#include "base/options.h"

#define DEFAULTS_MAX 32

struct defaults {
    char path[4096]; /* "": none was read */
    struct default_value {
        char *word;    /* owned: "--threads=4"; "models=FOLDER" */
        bool sampling; /* an option of run and chat alone */
        size_t line, column;
    } values[DEFAULTS_MAX];
    int count;
};

/* Empty where there is no file, or it is not to be read. */
SY_MUST_CHECK bool defaults_read(struct defaults *defaults, struct sy_error *err);
void defaults_free(struct defaults *defaults);
/* The text of such a file; `path` stays empty. Freed on failure. */
SY_MUST_CHECK bool defaults_parse(const char *text, int64_t size, struct defaults *defaults,
                                  struct sy_error *err);

/* Into the arguments of a command, before its command line; they point into `defaults`. */
SY_MUST_CHECK bool defaults_apply(const struct defaults *defaults, const struct option_table *table,
                                  void *args, struct sy_error *err);
/* The folder of models becomes $SWITCHYARD_MODELS, unless that is set. */
void defaults_use_models(const struct defaults *defaults);
/* One line to stderr, where something was read: --verbose. */
void defaults_tell(const struct defaults *defaults);
/* Does a table's chain hold the options that all commands share which run a model? */
bool defaults_concern(const struct option_table *table);

#endif
