/*
 * help, man, completion, version: all printed from the commands' own tables.
 */
#include "commands/command.h"
#include "commands/console.h"
#include "kernels/kernels.h"
#include "report/table.h"
#include "version.h"

static const struct option none[] = { OPTION_END };
static const struct option_table no_options = { none, NULL };

/* ---- help ---- */

static const struct command_text program = {
    .name = "",
    .summary = "Mixture-of-Experts language models on ordinary CPUs",
    .usage = "COMMAND [ARGUMENTS]",
    .details = "Switchyard runs Mixture-of-Experts language models, and shows where every token goes.",
};

static void overview(const struct command *const *commands, struct text *out) {
    struct table rows = { .columns = 2, .indent = 2 };
    struct style plain = { .columns = 80 };
    text_add(out, "%s\n\nusage: switchyard %s\n\n", program.details, program.usage);
    for (int i = 0; commands[i]; i++) table_row(&rows, commands[i]->text.name, commands[i]->text.summary);
    table_print(&rows, &plain, out);
    table_free(&rows);
    text_add(out, "\nswitchyard help COMMAND tells its options and gives examples.\n");
}

static bool run_help(const struct call *call, struct sy_error *err) {
    struct text text = { 0 };
    if (call->word_count == 0) {
        overview(call->commands, &text);
        return console_print(&text, err);
    }
    const struct command *command = command_find(call->commands, call->words[0]);
    if (!command) return command_unknown(call->commands, call->words[0], err);
    options_help(command->table, &command->text, &text);
    return console_print(&text, err);
}

const struct command command_help = {
    .text = {
        .name = "help",
        .summary = "the commands, or the options and examples of one",
        .usage = "[COMMAND]",
        .examples = "switchyard help\nswitchyard help run",
    },
    .table = &no_options,
    .words_max = 1,
    .run = run_help,
};

/* ---- man ---- */

/* The texts of all commands, in their order. */
static int all_texts(const struct command *const *commands, const struct command_text *texts[COMMANDS_MAX]) {
    int count = 0;
    for (; commands[count]; count++) texts[count] = &commands[count]->text;
    return count;
}

static bool run_man(const struct call *call, struct sy_error *err) {
    struct text text = { 0 };
    if (call->word_count == 0) {
        const struct command_text *texts[COMMANDS_MAX];
        options_man_overview(&program, texts, all_texts(call->commands, texts), &text);
        return console_print(&text, err);
    }
    const struct command *command = command_find(call->commands, call->words[0]);
    if (!command) return command_unknown(call->commands, call->words[0], err);
    options_man(command->table, &command->text, &text);
    return console_print(&text, err);
}

const struct command command_man = {
    .text = {
        .name = "man",
        .summary = "the manual page of the program or a command, in roff",
        .usage = "[COMMAND]",
        .examples = "switchyard man run | man -l -",
    },
    .table = &no_options,
    .words_max = 1,
    .run = run_man,
};

/* ---- completion ---- */

static bool run_completion(const struct call *call, struct sy_error *err) {
    const struct command_text *texts[COMMANDS_MAX];
    const struct option_table *tables[COMMANDS_MAX];
    int count = all_texts(call->commands, texts);
    for (int i = 0; i < count; i++) tables[i] = call->commands[i]->table;
    struct text text = { 0 };
    if (options_completion(call->words[0], texts, tables, count, &text)) return console_print(&text, err);
    text_free(&text);
    sy_fail(err, SY_ERR_USAGE, "no completions for '%s'", call->words[0]);
    return sy_error_remedy(err, "bash, zsh and fish are known");
}

const struct command command_completion = {
    .text = {
        .name = "completion",
        .summary = "completions for a shell",
        .usage = "bash|zsh|fish",
        .examples = "source <(switchyard completion bash)\n"
                    "switchyard completion fish > ~/.config/fish/completions/switchyard.fish",
    },
    .table = &no_options,
    .words_min = 1,
    .words_max = 1,
    .run = run_completion,
};

/* ---- version ---- */

static bool run_version(const struct call *call, struct sy_error *err) {
    struct text text = { 0 };
    (void)call;
    text_add(&text, "switchyard %s (commit %s)\n", SY_VERSION, SY_COMMIT);
    text_add(&text, "kernels: %s on this machine\n", level_name(level_of_machine()));
    text_add(&text, "libraries: jansson %s\n", jansson_version_str());
    return console_print(&text, err);
}

const struct command command_version = {
    .text = {
        .name = "version",
        .summary = "version, commit, instruction set and libraries",
        .usage = "",
    },
    .table = &no_options,
    .run = run_version,
};
