/*
 * The table of commands, and finding and calling one of them.
 */
#include "commands/command.h"
#include "commands/console.h"
#include "commands/list.h"

#include <stdlib.h>
#include <string.h>

#define COMMAND(name) extern const struct command command_##name;
COMMAND_LIST(COMMAND)
#undef COMMAND

const struct command *const commands[] = {
#define COMMAND(name) &command_##name,
    COMMAND_LIST(COMMAND)
#undef COMMAND
        NULL,
};
const int command_count = sizeof commands / sizeof commands[0] - 1;
_Static_assert(sizeof commands / sizeof commands[0] - 1 <= COMMANDS_MAX, "COMMANDS_MAX is too small");

const struct command *command_find(const char *name) {
    for (int i = 0; i < command_count; i++)
        if (strcmp(commands[i]->text.name, name) == 0) return commands[i];
    return NULL;
}

bool command_unknown(const char *name, struct sy_error *err) {
    const char *names[COMMANDS_MAX];
    int count = 0;
    for (int i = 0; i < command_count; i++) names[count++] = commands[i]->text.name;
    const char *nearest = nearest_word(name, names, count);
    sy_fail(err, SY_ERR_USAGE, "there is no command '%s'", name);
    if (nearest) return sy_error_remedy(err, "did you mean %s?", nearest);
    return sy_error_remedy(err, "switchyard help lists them");
}

static bool check_words(const struct command *command, int count, struct sy_error *err) {
    if (count >= command->words_min && count <= command->words_max) return true;
    sy_fail(err, SY_ERR_USAGE, "%s arguments for %s: %d given, %d wanted",
            count < command->words_min ? "too few" : "too many", command->text.name, count,
            count < command->words_min ? command->words_min : command->words_max);
    return sy_error_remedy(err, "usage: switchyard %s %s", command->text.name, command->text.usage);
}

static bool call_command(const struct command *command, int argc, char **argv, struct sy_error *err) {
    const char *words[WORDS_MAX];
    struct call call = { .command = command, .words = words };
    bool help_wanted = false;
    void *args = calloc(1, command->args_size + 1);
    if (!args) return sy_fail(err, SY_ERR_MEMORY, "no memory for the arguments");
    if (command->defaults) memcpy(args, command->defaults, command->args_size);
    call.args = args;
    bool done = options_parse(command->table, argc, argv, args, words, WORDS_MAX, &call.word_count,
                              &help_wanted, err);
    if (done && help_wanted) {
        struct text text = { 0 };
        options_help(command->table, &command->text, &text);
        done = console_print(&text, err);
    } else if (done) {
        done = check_words(command, call.word_count, err) && command->run(&call, err);
    }
    free(args);
    return done;
}

bool command_dispatch(int argc, char **argv, struct sy_error *err) {
    if (argc == 0) {
        sy_fail(err, SY_ERR_USAGE, "no command given");
        return sy_error_remedy(err, "switchyard help lists them");
    }
    const char *verb = argv[0];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) verb = "help";
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) verb = "version";
    const struct command *command = command_find(verb);
    return command ? call_command(command, argc - 1, argv + 1, err) : command_unknown(verb, err);
}
