/*
 * Option tables: one declaration of a command's options gives its parser, its help, its completions and its
 * man page.
 *
 *     static const struct option options[] = {
 *         { "ids", 0, OPTION_STRING, "1,2,3", "token ids to run", offsetof(struct args, ids) },
 *         { "threads", 't', OPTION_COUNT, "N", "threads", offsetof(struct args, threads) },
 *         OPTION_END,
 *     };
 *
 * Rules stand in the same table: which options go together, and between which bounds their values lie. A
 * command line that breaks one is wrong usage, whatever the command would have made of it.
 *
 *         OPTION_ONLY_WITH("format", "table"),         --format goes with --table
 *         OPTION_NOT_WITH("table", "svg|png|MODEL"),   --table goes with neither, nor with an argument
 *         OPTION_ONLY_WITH("stride", "method=stride"), a value; "=ppl" is the first argument
 *         OPTION_BETWEEN("threads", "1 to 256"),
 *
 * --x V and --x=V both work, short options as -t V or -tV; -- ends options; a lone "-" is a positional
 * (stdin). An unknown option suggests the nearest. Values are stored at an offset into the caller's struct of
 * arguments.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include "base/error.h"
#include "base/json.h"
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_FLAG,   /* bool, set to true */
    OPTION_STRING, /* const char *, borrowed from argv */
    OPTION_COUNT,  /* int64_t, not negative, plain decimal */
    OPTION_SIZE,   /* int64_t, 1 or more */
    OPTION_INT,    /* int64_t */
    OPTION_REAL,   /* double, finite */
    OPTION_BYTES,  /* int64_t: 6G, 512M, 1.5G (powers of 1024), 6GB (powers of 1000) */
    OPTION_RATE,   /* double: 20G, 300G, 25Gbit (an eighth): a second, powers of 1000; above 0 */
    OPTION_CHOICE, /* int: which of the words in `value`, from 0 */
    OPTION_LIST,   /* struct option_list: may be given several times */
    OPTION_MODE,   /* int: 1 where given alone, as a flag; behind "=" one of the words in `value`, from 2 */
    /* Rules about the option of that name; `value` is the other side. */
    OPTION_NEEDS,    /* one of these, separated by '|', is given too */
    OPTION_EXCLUDES, /* none of these is given too */
    OPTION_WITHIN,   /* the value lies in "LOW to HIGH", written as the option's own type is */
    OPTION_WAS,      /* "old=new|..": words that a choice had once, and what to give instead */
};

#define OPTION_LIST_MAX 64
struct option_list { /* words borrowed from argv, as they were given */
    const char *words[OPTION_LIST_MAX];
    int count;
};

struct option {
    const char *name; /* without dashes; NULL ends the table */
    char letter;      /* 0: none */
    enum option_type type;
    const char *value; /* placeholder in help, NULL for flags; of a choice or a mode the words, '|' between */
    const char *help;  /* one line */
    size_t offset;     /* into the argument struct */
};
#define OPTION_ONLY_WITH(name, others)                                                                       \
    { name, 0, OPTION_NEEDS, others, NULL, 0 }
#define OPTION_NOT_WITH(name, others)                                                                        \
    { name, 0, OPTION_EXCLUDES, others, NULL, 0 }
#define OPTION_BETWEEN(name, bounds)                                                                         \
    { name, 0, OPTION_WITHIN, bounds, NULL, 0 }
#define OPTION_ONCE(name, words)                                                                             \
    { name, 0, OPTION_WAS, words, NULL, 0 }
#define OPTION_END                                                                                           \
    { NULL, 0, OPTION_FLAG, NULL, NULL, 0 }

struct option_table { /* tables are chained: a command's own, then the common ones */
    const struct option *options;
    const struct option_table *next;
};

/* What a command says of itself. */
struct command_text {
    const char *name;     /* "logits" */
    const char *summary;  /* one line */
    const char *usage;    /* "MODEL (--ids 1,2,3 | --batch F.jsonl) --out F" */
    const char *details;  /* paragraphs, filled anew (a line that starts with a space is kept), or NULL */
    const char *examples; /* lines "command  # remark", or NULL */
};

/* Parse argv[0..argc) (the words after the verb) into `args`; positionals are collected into
 * positional[0..*count), at most `room`. Errors: SY_ERR_USAGE, one line, with the nearest option as remedy.
 * When --help or -h comes, *help_wanted is set, and nothing behind it is looked at. */
SY_MUST_CHECK bool options_parse(const struct option_table *table, int argc, char **argv, void *args,
                                 const char **positional, int room, int *count, bool *help_wanted,
                                 struct sy_error *err);

void options_help(const struct option_table *table, const struct command_text *command,
                  struct text *out); /* 80 columns */
void options_man(const struct option_table *table, const struct command_text *command,
                 struct text *out); /* roff */
/* The page of the program itself, whose `name` is empty: what it does, and a list of its commands. */
void options_man_overview(const struct command_text *program, const struct command_text *const *commands,
                          int command_count, struct text *out);
/* One shell's completion for all commands: shell is "bash", "zsh" or "fish". False for another word. */
bool options_completion(const char *shell, const struct command_text *const *commands,
                        const struct option_table *const *tables, int command_count, struct text *out);

/* The word of `words` nearest to `word`: at an edit distance of at most a third of its length (a swap of
 * neighbours counts as one), else the only one that it begins; or NULL. */
const char *nearest_word(const char *word, const char *const *words, int count);

/* "6G", "1.5M", "2GB", "4096": bytes. K, M, G, T, P are powers of 1024, also as KiB; KB, MB, ... powers of
 * 1000. */
SY_MUST_CHECK bool parse_bytes(const char *text, int64_t *bytes);
/* "20G", "1.5T", "25Gbit": a second. K, M, G, T, P are powers of 1000, B for bytes may follow; bit is an
 * eighth. Also counts of tokens: "1.5T". Greater than 0. */
SY_MUST_CHECK bool parse_rate(const char *text, double *rate);
/* "1,2,3" -> ids; spaces around numbers are fine. *ids is malloc'ed and the caller's. Errors name the
 * position: SY_ERR_USAGE for what is no list of numbers, SY_ERR_INPUT for a number beyond int64. */
SY_MUST_CHECK bool parse_ids(const char *text, int64_t **ids, int64_t *count, struct sy_error *err);

#endif
