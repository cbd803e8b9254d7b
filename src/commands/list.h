/* The commands, in the order of the help page. */
#define COMMAND_LIST(COMMAND)                                                                                \
    COMMAND(chat)                                                                                            \
    COMMAND(run)                                                                                             \
    COMMAND(logits)                                                                                          \
    COMMAND(bench)                                                                                           \
    COMMAND(plan)                                                                                            \
    COMMAND(tokenize)                                                                                        \
    COMMAND(template)                                                                                        \
    COMMAND(show)                                                                                            \
    COMMAND(eval)                                                                                            \
    COMMAND(convert)                                                                                         \
    COMMAND(synth)                                                                                           \
    COMMAND(help)                                                                                            \
    COMMAND(man)                                                                                             \
    COMMAND(completion)                                                                                      \
    COMMAND(version)
