/*
 * Parsing a command line by its option table. What a table says first holds: a command's own option hides a
 * common one of the same name or letter. --help ends the parsing, whatever else may be wrong.
 */
#include "base/options.h"
#include "base/options/rules.h"
#include "base/options/table.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 256 /* options that suggestions are drawn from */

const struct option help_option = { "help", 'h', OPTION_FLAG, NULL, "show this help", 0 };

/* ---- walking the chain ---- */

struct option_walk option_walk(const struct option_table *table) {
    return (struct option_walk){ .table = table, .rest = table, .option = table ? table->options : NULL };
}

const struct option *option_walk_next(struct option_walk *walk) {
    while (walk->rest) {
        const struct option *option = walk->option;
        if (!option || !option->name) {
            walk->rest = walk->rest->next;
            walk->option = walk->rest ? walk->rest->options : NULL;
            if (!walk->rest && !option_named(walk->table, "help", 4)) return &help_option;
            continue;
        }
        ++walk->option;
        if (option_is_rule(option)) continue;
        if (option_named(walk->table, option->name, strlen(option->name)) == option) return option;
    }
    return NULL;
}

const struct option *option_named(const struct option_table *table, const char *name, size_t length) {
    for (; table; table = table->next)
        for (const struct option *o = table->options; o && o->name; ++o)
            if (strlen(o->name) == length && memcmp(o->name, name, length) == 0 && !option_is_rule(o))
                return o;
    return NULL;
}

const struct option *option_lettered(const struct option_table *table, char letter) {
    for (; table; table = table->next)
        for (const struct option *o = table->options; o && o->name; ++o)
            if (letter && o->letter == letter) return o;
    return NULL;
}

char option_letter(const struct option_table *table, const struct option *option) {
    const struct option *holder = option_lettered(table, option->letter);
    return holder == option || (!holder && option == &help_option) ? option->letter : 0;
}

const char *option_value(const struct option *option) {
    return option->value ? option->value : "VALUE";
}

/* ---- values ---- */

struct parse {
    const struct option_table *table;
    int argc, next; /* next: the word to come */
    char **argv;
    void *args;
    bool *help_wanted;
    struct options_given given;
};

static bool parse_whole(const char *text, int64_t least, int64_t *out) {
    const char *digits = text + (text[0] == '-' && least < 0);
    char *end;
    if (digits[0] < '0' || digits[0] > '9') return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (*end || errno || value < least) return false;
    *out = value;
    return true;
}

static bool parse_real(const char *text, double *out) {
    char *end;
    if (!text[0] || text[strspn(text, "+-.0123456789eE")])
        return false; /* strtod knows words and hexadecimal too */
    double value = strtod(text, &end);
    if (*end || !isfinite(value)) return false;
    *out = value;
    return true;
}

/* The index of `word` among "a|b|c", -1 when it is none of them. */
static int choice_index(const char *choices, const char *word) {
    size_t length = strlen(word);
    for (int index = 0;; ++index) {
        size_t here = strcspn(choices, "|");
        if (here == length && memcmp(choices, word, length) == 0) return index;
        if (!choices[here]) return -1;
        choices += here + 1;
    }
}

/* What is wanted instead of a value that is refused, in the words of its type. */
static void say_wanted(enum option_type type, const char *bounds, char *out, size_t size) {
    const char *words = "a value", *such = "";
    switch (type) {
    case OPTION_COUNT: words = bounds ? "a whole number" : "a whole number, 0 or more"; break;
    case OPTION_SIZE: words = bounds ? "a whole number" : "a whole number, 1 or more"; break;
    case OPTION_INT: words = "a whole number"; break;
    case OPTION_REAL: words = "a number"; break;
    case OPTION_RATE: words = "a rate a second", such = " such as 20G or 25Gbit"; break;
    case OPTION_BYTES: words = "a size", such = " such as 512M, 1.5G or 6GB"; break;
    default: break;
    }
    const char *from = !bounds ? "" : such[0] ? ", from " : " from ";
    snprintf(out, size, "%s%s%s%s", words, such, from, bounds ? bounds : "");
}

static bool no_choice(const struct parse *parse, const struct option *option, const char *shown,
                      const char *value, struct sy_error *err) {
    char now[32];
    sy_fail(err, SY_ERR_USAGE, "%s is %sone of %s, not '%s'", shown,
            option->type == OPTION_MODE ? "given alone, or " : "", option_value(option), value);
    return option_once(parse->table, option->name, value, now, sizeof now) &&
           sy_error_remedy(err, "give %s, which is what %s meant", now, value);
}

/* `shown`: the option as it was typed. */
static bool store(const struct parse *parse, const struct option *option, const char *shown,
                  const char *value, struct sy_error *err) {
    void *place = (char *)parse->args + option->offset;
    const char *bounds = option_bounds(parse->table, option->name);
    char words[128];
    bool fits = true;
    switch (option->type) {
    case OPTION_FLAG: *(bool *)place = true; break;
    case OPTION_STRING: *(const char **)place = value; break;
    case OPTION_COUNT: fits = parse_whole(value, 0, place); break;
    case OPTION_SIZE: fits = parse_whole(value, 1, place); break;
    case OPTION_INT: fits = parse_whole(value, INT64_MIN, place); break;
    case OPTION_REAL: fits = parse_real(value, place); break;
    case OPTION_RATE: fits = parse_rate(value, place); break;
    case OPTION_BYTES: fits = parse_bytes(value, place); break;
    case OPTION_MODE:
    case OPTION_CHOICE: {
        bool mode = option->type == OPTION_MODE;
        int index = value ? choice_index(option_value(option), value) : -1;
        if (mode && !value)
            index = 1;
        else if (mode && index >= 0)
            index += 2;
        if (index < 0) return no_choice(parse, option, shown, value, err);
        *(int *)place = index;
        break;
    }
    case OPTION_LIST: {
        struct option_list *list = place;
        if (list->count == OPTION_LIST_MAX)
            return sy_fail(err, SY_ERR_USAGE, "%s is given more than %d times", shown, OPTION_LIST_MAX);
        list->words[list->count++] = value;
        break;
    }
    case OPTION_NEEDS:
    case OPTION_EXCLUDES:
    case OPTION_WITHIN:
    case OPTION_WAS: break; /* no option */
    }
    if (fits && (!bounds || option_within(option->type, bounds, value))) return true;
    say_wanted(option->type, bounds, words, sizeof words);
    return sy_fail(err, SY_ERR_USAGE, "%s takes %s, not '%s'", shown, words, value);
}

/* ---- words ---- */

static bool unknown(const struct parse *parse, const char *name, struct sy_error *err) {
    const char *names[NAMES_MAX];
    int count = 0;
    struct option_walk walk = option_walk(parse->table);
    for (const struct option *o; count < NAMES_MAX && (o = option_walk_next(&walk));)
        names[count++] = o->name;
    const char *nearest = nearest_word(name, names, count);
    sy_fail(err, SY_ERR_USAGE, "unknown option --%s", name);
    if (nearest) return sy_error_remedy(err, "did you mean --%s?", nearest);
    return sy_error_remedy(err, "--help lists the options");
}

/* The value behind `inside` (what follows in the same word), or the next word. NULL when there is none. */
static const char *take_value(struct parse *parse, const struct option *option, const char *shown,
                              const char *inside, struct sy_error *err) {
    if (inside) return inside;
    if (parse->next < parse->argc) return parse->argv[parse->next++];
    sy_fail(err, SY_ERR_USAGE, "%s needs a value: %s", shown, option_value(option));
    return NULL;
}

static bool parse_long(struct parse *parse, const char *word, struct sy_error *err) {
    char shown[128];
    size_t length = strcspn(word, "=");
    const char *inside = word[length] ? word + length + 1 : NULL, *value = NULL;
    const struct option *option = option_named(parse->table, word, length);
    if (length > sizeof shown - 3) length = sizeof shown - 3;
    memcpy(shown, "--", 2);
    memcpy(shown + 2, word, length);
    shown[2 + length] = 0;
    if (!option && strcmp(shown, "--help") == 0) option = &help_option;
    if (!option) return unknown(parse, shown + 2, err);
    if (option->type == OPTION_FLAG && inside) return sy_fail(err, SY_ERR_USAGE, "%s takes no value", shown);
    if (option == &help_option) return *parse->help_wanted = true;
    if (option->type == OPTION_MODE)
        value = inside;
    else if (option->type != OPTION_FLAG && !(value = take_value(parse, option, shown, inside, err)))
        return false;
    option_note(&parse->given, option, value);
    return store(parse, option, shown, value, err);
}

/* -t N, -tN, and flags joined as in -vq. */
static bool parse_letters(struct parse *parse, const char *letters, struct sy_error *err) {
    for (; *letters; ++letters) {
        const struct option *option = option_lettered(parse->table, *letters);
        char shown[3] = { '-', *letters, 0 };
        if (!option && *letters == 'h') return *parse->help_wanted = true;
        if (!option) {
            sy_fail(err, SY_ERR_USAGE, "unknown option -%s", letters);
            return sy_error_remedy(err, "--help lists the options");
        }
        if (option_stands_alone(option)) {
            option_note(&parse->given, option, NULL);
            if (!store(parse, option, shown, NULL, err)) return false;
            continue;
        }
        const char *value = take_value(parse, option, shown, letters[1] ? letters + 1 : NULL, err);
        option_note(&parse->given, option, value);
        return value && store(parse, option, shown, value, err);
    }
    return true;
}

bool options_parse(const struct option_table *table, int argc, char **argv, void *args,
                   const char **positional, int room, int *count, bool *help_wanted, struct sy_error *err) {
    struct parse parse = { table, argc, 0, argv, args, help_wanted, { .words = positional } };
    bool ended = false; /* by -- */
    *count = 0;
    *help_wanted = false;
    while (parse.next < argc && !*help_wanted) {
        const char *word = argv[parse.next++];
        if (ended || word[0] != '-' || word[1] == 0) {
            if (*count == room) {
                sy_fail(err, SY_ERR_USAGE, "'%s' is one argument too many", word);
                return sy_error_remedy(err, "--help shows what is wanted");
            }
            positional[(*count)++] = word;
        } else if (strcmp(word, "--") == 0)
            ended = true;
        else if (!(word[1] == '-' ? parse_long(&parse, word + 2, err) : parse_letters(&parse, word + 1, err)))
            return false;
    }
    parse.given.word_count = *count;
    return *help_wanted || options_check(table, &parse.given, err);
}
