/*
 * The commands, in the order of the help page. Handed to whoever needs them all (help is itself one of them).
 */
#ifndef COMMANDS_LIST_H
#define COMMANDS_LIST_H

#include "commands/command.h"

#define COMMAND_LIST(COMMAND)                                                                                \
    COMMAND(chat)                                                                                            \
    COMMAND(run)                                                                                             \
    COMMAND(logits)                                                                                          \
    COMMAND(bench)                                                                                           \
    COMMAND(plan)                                                                                            \
    COMMAND(tokenize)                                                                                        \
    COMMAND(template)                                                                                        \
    COMMAND(show)                                                                                            \
    COMMAND(models)                                                                                          \
    COMMAND(eval)                                                                                            \
    COMMAND(convert)                                                                                         \
    COMMAND(synth)                                                                                           \
    COMMAND(help)                                                                                            \
    COMMAND(man)                                                                                             \
    COMMAND(completion)                                                                                      \
    COMMAND(version)

extern const struct command *const command_list[]; /* NULL behind */

#endif
