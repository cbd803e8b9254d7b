/*
 * help, man, completion, version: all printed from the commands' own tables.
 */
#include "commands/command.h"
#include "commands/console.h"
#include "kernels/kernels.h"
#include "report/table.h"
#include "version.h"

#include <histedit.h>
#include <protobuf-c/protobuf-c.h>
#include <string.h>
#include <utf8proc.h>
#include <yaml.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#ifdef SY_CAIRO
#include <cairo.h>
#endif

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
    text_add(out, "\nswitchyard help COMMAND tells its options and gives examples.\n"
                  "$SWITCHYARD_MODELS is a folder whose models may be called by name; defaults of your\n"
                  "own go to ~/.config/switchyard/config.yaml (switchyard man).\n");
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

/* Behind the page of the program, and of each command that takes a model. */
static const char surroundings[] =
    ".SH ENVIRONMENT\n"
    ".TP\n\\fBSWITCHYARD_MODELS\\fR\n"
    "A folder whose models may be called by name: a GGUF file without its ending, or a folder with a "
    "checkpoint. Looked in after the path itself and before the installed data folder; "
    "\\fBswitchyard models\\fR lists both.\n"
    ".TP\n\\fBSWITCHYARD_NO_DEFAULTS\\fR\n"
    "If set and not empty, the file below is left unread, as with \\fB\\-\\-no\\-defaults\\fR.\n"
    ".TP\n\\fBXDG_CONFIG_HOME\\fR\n"
    "Where that file is looked for, instead of ~/.config.\n"
    ".TP\n\\fBNO_COLOR\\fR\n"
    "If set and not empty, nothing is coloured.\n"
    ".SH FILES\n"
    ".TP\n\\fI~/.config/switchyard/config.yaml\\fR\n"
    "Defaults of your own, as YAML; the command line goes before them. Known keys:\n"
    ".nf\n"
    "threads: 4            # as \\-\\-threads\n"
    "memory: 12G           # as \\-\\-memory\n"
    "models: ~/models      # as $SWITCHYARD_MODELS, where that is not set\n"
    "sampling:             # as the options of run and chat\n"
    "  temp: 0.7           # also top_k, top_p, min_p, typical, repeat_penalty,\n"
    "  top_k: 40           # presence_penalty, frequency_penalty, seed\n"
    ".fi\n"
    "Any other key is refused, with its line and column. \\fB\\-\\-verbose\\fR shows what was read.\n";

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
        text_add(&text, "%s", surroundings);
        return console_print(&text, err);
    }
    const struct command *command = command_find(call->commands, call->words[0]);
    if (!command) return command_unknown(call->commands, call->words[0], err);
    options_man(command->table, &command->text, &text);
    if (strstr(command->text.usage, "MODEL")) text_add(&text, "%s", surroundings);
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

/* Those that the program was built with; of a library that cannot tell what runs, what it was built for. */
static void list_libraries(struct text *out) {
    char pcre2[64] = "";
    pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
    const struct {
        const char *name, *version;
    } libraries[] = {
        { "jansson", jansson_version_str() },
        { "pcre2", pcre2 },
        { "utf8proc", utf8proc_version() },
        { "protobuf-c", protobuf_c_version() },
        { "libedit", SY_STRINGIZE(LIBEDIT_MAJOR) "." SY_STRINGIZE(LIBEDIT_MINOR) },
        { "libyaml", yaml_get_version_string() },
#ifdef SY_CAIRO
        { "cairo", cairo_version_string() },
#else
        { "cairo", "none (no pictures)" },
#endif
    };
    struct table rows = { .columns = 2, .indent = 2 };
    struct style plain = { .columns = 80 };
    text_add(out, "libraries:\n");
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
        table_row(&rows, libraries[i].name, libraries[i].version);
    table_print(&rows, &plain, out);
    table_free(&rows);
}

static bool run_version(const struct call *call, struct sy_error *err) {
    struct text text = { 0 };
    (void)call;
    text_add(&text, "switchyard %s (commit %s)\n", SY_VERSION, SY_COMMIT);
    enum level best = level_of_machine();
    text_add(&text, "kernels: %s on this machine%s\n", level_name(best), level_remark(best));
    list_libraries(&text);
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
