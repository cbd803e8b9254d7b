/*
 * A command: its words, its option table, and a function. One line in list.h makes it known to the
 * dispatcher, help, completions and man pages.
 */
#ifndef COMMANDS_COMMAND_H
#define COMMANDS_COMMAND_H

#include "base/options.h"

#define WORDS_MAX    16 /* positional arguments of any command */
#define COMMANDS_MAX 64

struct call {
    const struct command *command;
    const struct command *const *commands; /* all there are (list.h), NULL behind */
    const void *args;                      /* the command's own struct of arguments, parsed */
    const char *const *words;
    int word_count;
};

struct command {
    struct command_text text;
    const struct option_table *table;
    size_t args_size;
    const void *defaults;     /* args_size bytes: what holds where no option says otherwise; NULL: zeros */
    int words_min, words_max; /* positional arguments */
    bool (*run)(const struct call *call, struct sy_error *err);
};

/* Among the commands, with NULL behind them: */
const struct command *command_find(const struct command *const *commands, const char *name); /* NULL: none */

/* The nearest command is named in the remedy. Returns false. */
bool command_unknown(const struct command *const *commands, const char *name, struct sy_error *err);

/* Run argv[0..argc): a verb and its arguments. */
SY_MUST_CHECK bool command_dispatch(const struct command *const *commands, int argc, char **argv,
                                    struct sy_error *err);

#endif
