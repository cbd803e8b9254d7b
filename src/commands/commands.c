/*
 * Finding a command in the list of all, and calling it: with somebody's own defaults, then the command line.
 */
#include "commands/command.h"
#include "commands/common.h"
#include "commands/console.h"
#include "commands/defaults.h"

#include <stdlib.h>
#include <string.h>

const struct command *command_find(const struct command *const *commands, const char *name) {
    for (int i = 0; commands[i]; i++)
        if (strcmp(commands[i]->text.name, name) == 0) return commands[i];
    return NULL;
}

bool command_unknown(const struct command *const *commands, const char *name, struct sy_error *err) {
    const char *names[COMMANDS_MAX];
    int count = 0;
    for (int i = 0; commands[i]; i++) names[count++] = commands[i]->text.name;
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

/* Somebody's own defaults, then the command line. */
static bool parse(struct call *call, int argc, char **argv, void *args, const char **words,
                  const struct defaults *defaults, bool *help_wanted, struct sy_error *err) {
    const struct option_table *table = call->command->table;
    return defaults_apply(defaults, table, args, err) &&
           options_parse(table, argc, argv, args, words, WORDS_MAX, &call->word_count, help_wanted, err);
}

static bool call_with(const struct command *const *commands, const struct command *command, int argc,
                      char **argv, const struct defaults *defaults, struct sy_error *err) {
    const char *words[WORDS_MAX];
    struct call call = { .command = command, .commands = commands, .words = words };
    bool help_wanted = false;
    void *args = calloc(1, command->args_size + 1);
    if (!args) return sy_fail(err, SY_ERR_MEMORY, "no memory for the arguments");
    if (command->defaults) memcpy(args, command->defaults, command->args_size);
    call.args = args;
    bool done = parse(&call, argc, argv, args, words, defaults, &help_wanted, err);
    if (done && help_wanted) {
        struct text text = { 0 };
        options_help(command->table, &command->text, &text);
        done = console_print(&text, err);
    } else if (done) {
        const struct common *common = args; /* first in all whom the defaults concern */
        if (defaults_concern(command->table) && common->verbose) defaults_tell(defaults);
        done = check_words(command, call.word_count, err) && command->run(&call, err);
    }
    free(args);
    return done;
}

/* Who asks for help, or how to do without the file, must not be stopped by it. */
static bool wants_defaults(const struct command *command, int argc, char **argv) {
    static const char *const without[] = { "help", "man", "completion", "version" };
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++)
        if (strcmp(command->text.name, without[i]) == 0) return false;
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--no-defaults") == 0 || strcmp(argv[i], "--help") == 0 ||
            strcmp(argv[i], "-h") == 0)
            return false;
    return true;
}

static bool call_command(const struct command *const *commands, const struct command *command, int argc,
                         char **argv, struct sy_error *err) {
    struct defaults defaults = { .count = 0 };
    if (wants_defaults(command, argc, argv) && !defaults_read(&defaults, err)) return false;
    defaults_use_models(&defaults);
    bool done = call_with(commands, command, argc, argv, &defaults, err);
    defaults_free(&defaults);
    return done;
}

bool command_dispatch(const struct command *const *commands, int argc, char **argv, struct sy_error *err) {
    if (argc == 0) {
        sy_fail(err, SY_ERR_USAGE, "no command given");
        return sy_error_remedy(err, "switchyard help lists them");
    }
    const char *verb = argv[0];
    if (strcmp(verb, "--help") == 0 || strcmp(verb, "-h") == 0) verb = "help";
    if (strcmp(verb, "--version") == 0 || strcmp(verb, "-V") == 0) verb = "version";
    const struct command *command = command_find(commands, verb);
    return command ? call_command(commands, command, argc - 1, argv + 1, err)
                   : command_unknown(commands, verb, err);
}
