/*
 * Completions: one script a shell, for all commands. Each knows the verbs, each verb's options, and the words
 * of options that offer a choice. Where a verb's usage speaks of a MODEL or a PRESET the script asks the
 * program itself which there are, as it is typed; everywhere else it offers files, which is what most other
 * values and arguments are.
 */
#include "base/options.h"
#include "base/options/table.h"
#include <string.h>

struct all {
    const struct command_text *const *commands;
    const struct option_table *const *tables;
    int count;
};

/* Text within single quotes: `quote` stands for a quote, and what `escaped` lists gets a backslash. */
static void quoted(struct text *out, const char *text, const char *escaped, const char *quote) {
    for (; *text; ++text) {
        if (*text == '\'')
            text_add(out, "%s", quote);
        else
            text_add(out, strchr(escaped, *text) ? "\\%c" : "%c", *text);
    }
}

/* "a|b|c" as "a b c". */
static void choices(struct text *out, const struct option *option) {
    for (const char *at = option_value(option); *at; ++at) text_add(out, "%c", *at == '|' ? ' ' : *at);
}

static void verbs(struct text *out, const struct all *all) {
    for (int i = 0; i < all->count; ++i) text_add(out, "%s%s", i ? " " : "", all->commands[i]->name);
}

/* The program's own commands that print what an argument of such a word may be, a name first in each line. */
static const struct {
    const char *word, *command;
} asked[] = { { "MODEL", "models --names" }, { "PRESET", "plan --list" } };
enum { ASKED = sizeof asked / sizeof asked[0] };

/* ---- bash ---- */

/* Names for arguments of `verb`: cut to the first word of each line. */
static void bash_names(struct text *out, const struct command_text *command) {
    bool any = false;
    for (int i = 0; i < ASKED; ++i) {
        if (!strstr(command->usage, asked[i].word)) continue;
        if (!any) text_add(out, "        %s) words=\"", command->name);
        text_add(out, "%s$(\"${COMP_WORDS[0]}\" %s 2>/dev/null | sed 's/ .*//')", any ? " " : "",
                 asked[i].command);
        any = true;
    }
    if (any) text_add(out, "\" ;;\n");
}

static void bash_values(struct text *out, const struct option_table *table, const char *verb) {
    struct option_walk walk = option_walk(table);
    for (const struct option *o; (o = option_walk_next(&walk));) {
        if (option_stands_alone(o)) continue;
        char letter = option_letter(table, o);
        text_add(out, "        '%s --%s'", verb, o->name);
        if (letter) text_add(out, "|'%s -%c'", verb, letter);
        if (o->type == OPTION_CHOICE) {
            text_add(out, ") words='");
            choices(out, o);
            text_add(out, "' ;;\n");
        } else
            text_add(out, ") return ;;\n"); /* files, by -o default */
    }
}

static void completion_bash(struct text *out, const struct all *all) {
    text_add(
        out,
        "# bash completion for " PROGRAM_NAME "\n"
        "_" PROGRAM_NAME "() {\n"
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=\n"
        "    local verb=${COMP_WORDS[1]}\n"
        "    COMPREPLY=()\n"
        "    if [ \"$cur\" = = ]; then cur=\n" /* bash cuts --x=V into three words */
        "    elif [ \"$prev\" = = ]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ] || { [ \"$verb\" = help ] && [ \"$COMP_CWORD\" -eq 2 ]; }; then\n"
        "        COMPREPLY=($(compgen -W '");
    verbs(out, all);
    text_add(out, "' -- \"$cur\"))\n"
                  "        return\n"
                  "    fi\n"
                  "    case \"$verb $prev\" in\n");
    for (int i = 0; i < all->count; ++i) bash_values(out, all->tables[i], all->commands[i]->name);
    text_add(out, "    esac\n"
                  "    if [ -z \"$words\" ] && [[ $cur != -* ]]; then\n"
                  "        case \"$verb\" in\n");
    for (int i = 0; i < all->count; ++i) bash_names(out, all->commands[i]);
    text_add(out, "        esac\n"
                  "    elif [ -z \"$words\" ]; then\n"
                  "        case \"$verb\" in\n");
    for (int i = 0; i < all->count; ++i) {
        struct option_walk walk = option_walk(all->tables[i]);
        text_add(out, "        %s) words='", all->commands[i]->name);
        for (const struct option *o; (o = option_walk_next(&walk));) text_add(out, "--%s ", o->name);
        text_add(out, "' ;;\n");
    }
    text_add(out, "        esac\n"
                  "    fi\n"
                  "    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
                  "}\n"
                  "complete -o default -F _" PROGRAM_NAME " " PROGRAM_NAME "\n");
}

/* ---- zsh ---- */

static void zsh_option(struct text *out, const struct option_table *table, const struct option *option) {
    const char *escaped = "[]:\\", *quote = "'\\''";
    char letter = option_letter(table, option);
    bool flag = option_stands_alone(option);
    if (letter)
        text_add(out, "            '(-%c --%s)'{-%c%s,--%s%s}'[", letter, option->name, letter,
                 flag ? "" : "+", option->name, flag ? "" : "=");
    else
        text_add(out, "            '--%s%s[", option->name, flag ? "" : "=");
    quoted(out, option->help, escaped, quote);
    text_add(out, "]");
    if (option->type == OPTION_CHOICE) {
        text_add(out, ":value:(");
        choices(out, option);
        text_add(out, ")");
    } else if (!flag) {
        text_add(out, ":");
        quoted(out, option_value(option), escaped, quote);
        text_add(out, option->type == OPTION_STRING ? ":_files" : ": ");
    }
    text_add(out, "' \\\n");
}

static void completion_zsh(struct text *out, const struct all *all) {
    text_add(out,
             "#compdef " PROGRAM_NAME "\n"
             "_" PROGRAM_NAME "_names() {\n"
             "    local ask\n"
             "    for ask; do compadd -- ${${(f)\"$(" PROGRAM_NAME " ${=ask} 2>/dev/null)\"}%% *}; done\n"
             "    _files\n"
             "}\n"
             "_" PROGRAM_NAME "() {\n"
             "    local -a verbs\n"
             "    verbs=(\n");
    for (int i = 0; i < all->count; ++i) {
        text_add(out, "        '%s:", all->commands[i]->name);
        quoted(out, all->commands[i]->summary, ":\\", "'\\''");
        text_add(out, "'\n");
    }
    text_add(out, "    )\n"
                  "    if (( CURRENT == 2 )) || [[ $words[2] == help && CURRENT -eq 3 ]]; then\n"
                  "        _describe command verbs\n"
                  "        return\n"
                  "    fi\n"
                  "    local verb=$words[2]\n"
                  "    shift words\n"
                  "    (( CURRENT-- ))\n"
                  "    case $verb in\n");
    for (int i = 0; i < all->count; ++i) {
        struct option_walk walk = option_walk(all->tables[i]);
        text_add(out, "    %s)\n        _arguments -s \\\n", all->commands[i]->name);
        for (const struct option *o; (o = option_walk_next(&walk));) zsh_option(out, all->tables[i], o);
        text_add(out, "            '*:argument:_" PROGRAM_NAME "_names");
        for (int a = 0; a < ASKED; ++a)
            if (strstr(all->commands[i]->usage, asked[a].word)) text_add(out, " \"%s\"", asked[a].command);
        text_add(out, "' ;;\n");
    }
    text_add(out, "    esac\n"
                  "}\n"
                  "if [ \"$funcstack[1]\" = _" PROGRAM_NAME " ]; then _" PROGRAM_NAME " \"$@\"\n"
                  "else compdef _" PROGRAM_NAME " " PROGRAM_NAME "; fi\n");
}

/* ---- fish ---- */

static void completion_fish(struct text *out, const struct all *all) {
    const char *escaped = "\\", *quote = "\\'";
    text_add(out, "# fish completion for " PROGRAM_NAME "\n");
    for (int i = 0; i < all->count; ++i) {
        text_add(out, "complete -c " PROGRAM_NAME " -n __fish_use_subcommand -f -a %s -d '",
                 all->commands[i]->name);
        quoted(out, all->commands[i]->summary, escaped, quote);
        text_add(out, "'\n");
    }
    text_add(out, "complete -c " PROGRAM_NAME " -n '__fish_seen_subcommand_from help' -f -a '");
    verbs(out, all);
    text_add(out, "'\n");
    for (int i = 0; i < all->count; ++i) {
        for (int a = 0; a < ASKED; ++a)
            if (strstr(all->commands[i]->usage, asked[a].word))
                text_add(out,
                         "complete -c " PROGRAM_NAME " -n '__fish_seen_subcommand_from %s' -a "
                         "'(" PROGRAM_NAME " %s 2>/dev/null | string replace -r \" .*\" \"\")'\n",
                         all->commands[i]->name, asked[a].command);
        struct option_walk walk = option_walk(all->tables[i]);
        for (const struct option *o; (o = option_walk_next(&walk));) {
            char letter = option_letter(all->tables[i], o);
            text_add(out, "complete -c " PROGRAM_NAME " -n '__fish_seen_subcommand_from %s' -l %s",
                     all->commands[i]->name, o->name);
            if (letter) text_add(out, " -s %c", letter);
            if (o->type == OPTION_CHOICE) {
                text_add(out, " -x -a '");
                choices(out, o);
                text_add(out, "'");
            } else if (!option_stands_alone(o))
                text_add(out, o->type == OPTION_STRING ? " -r" : " -x");
            text_add(out, " -d '");
            quoted(out, o->help, escaped, quote);
            text_add(out, "'\n");
        }
    }
}

bool options_completion(const char *shell, const struct command_text *const *commands,
                        const struct option_table *const *tables, int command_count, struct text *out) {
    struct all all = { commands, tables, command_count };
    if (strcmp(shell, "bash") == 0)
        completion_bash(out, &all);
    else if (strcmp(shell, "zsh") == 0)
        completion_zsh(out, &all);
    else if (strcmp(shell, "fish") == 0)
        completion_fish(out, &all);
    else
        return false;
    return true;
}
