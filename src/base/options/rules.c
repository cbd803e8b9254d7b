/*
 * Which options go together, and between which bounds their values lie: rules that stand in the table of the
 * options themselves (options.h), so that every command is checked in one place and in the same words.
 */
#include "base/options/rules.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool option_is_rule(const struct option *option) {
    return option->type >= OPTION_NEEDS;
}

/* ---- what was given ---- */

void option_note(struct options_given *given, const struct option *option, const char *value) {
    for (int i = 0; i < given->count; i++) {
        if (given->options[i] != option) continue;
        given->values[i] = value;
        return;
    }
    if (given->count == OPTIONS_GIVEN_MAX) return; /* more than any table has */
    given->options[given->count] = option;
    given->values[given->count++] = value;
}

/* Is this term of a rule so? "table" an option, "method=stride" with a value, "MODEL" any argument, "=ppl"
 * the first argument. */
static bool is_so(const struct options_given *given, const char *term, size_t length) {
    if (isupper((unsigned char)term[0])) return given->word_count > 0;
    if (term[0] == '=')
        return given->word_count > 0 && strlen(given->words[0]) == length - 1 &&
               memcmp(given->words[0], term + 1, length - 1) == 0;
    size_t name = strcspn(term, "=|");
    for (int i = 0; i < given->count; i++) {
        const char *option = given->options[i]->name, *value = given->values[i];
        if (strlen(option) != name || memcmp(option, term, name) != 0) continue;
        return name >= length || (value && strlen(value) == length - name - 1 &&
                                  memcmp(value, term + name + 1, length - name - 1) == 0);
    }
    return false;
}

/* ---- words ---- */

enum { SHOWN = 200 };

/* "--method stride", "MODEL", "ppl". */
static void show_term(const char *term, size_t length, char *out, size_t size) {
    bool plain = isupper((unsigned char)term[0]) || term[0] == '=';
    snprintf(out, size, "%s%.*s", plain ? "" : "--", (int)(length - (term[0] == '=')),
             term + (term[0] == '='));
    char *equals = plain ? NULL : strchr(out, '=');
    if (equals) *equals = ' ';
}

/* "--a", "--a or --b", "--a, --b or --c". */
static int show_terms(const char *terms, char out[SHOWN]) {
    int count = 0;
    out[0] = 0;
    for (const char *at = terms; *at; count++) {
        char term[64];
        size_t length = strcspn(at, "|"), used = strlen(out);
        bool last = at[length] == 0;
        show_term(at, length, term, sizeof term);
        snprintf(out + used, SHOWN - used, "%s%s", count == 0 ? "" : last ? " or " : ", ", term);
        at += length + !last;
    }
    return count;
}

static bool check_needs(const struct option *rule, const struct options_given *given, struct sy_error *err) {
    char subject[64], others[SHOWN];
    for (const char *at = rule->value; *at;) {
        size_t length = strcspn(at, "|");
        if (is_so(given, at, length)) return true;
        at += length + (at[length] == '|');
    }
    show_term(rule->name, strlen(rule->name), subject, sizeof subject);
    int count = show_terms(rule->value, others);
    sy_fail(err, SY_ERR_USAGE, "%s goes with %s", subject, others);
    return sy_error_remedy(err, "add %s, or leave %s out", count > 1 ? "one of them" : others, subject);
}

static bool check_excludes(const struct option *rule, const struct options_given *given,
                           struct sy_error *err) {
    char subject[64], other[64];
    for (const char *at = rule->value; *at;) {
        size_t length = strcspn(at, "|");
        if (is_so(given, at, length)) {
            show_term(rule->name, strlen(rule->name), subject, sizeof subject);
            show_term(at, length, other, sizeof other);
            sy_fail(err, SY_ERR_USAGE, "%s and %s do not go together", subject, other);
            return sy_error_remedy(err, "leave one of them out");
        }
        at += length + (at[length] == '|');
    }
    return true;
}

bool options_check(const struct option_table *table, const struct options_given *given,
                   struct sy_error *err) {
    for (; table; table = table->next)
        for (const struct option *o = table->options; o && o->name; o++) {
            if (!option_is_rule(o) || !is_so(given, o->name, strlen(o->name))) continue;
            if (o->type == OPTION_NEEDS && !check_needs(o, given, err)) return false;
            if (o->type == OPTION_EXCLUDES && !check_excludes(o, given, err)) return false;
        }
    return true;
}

/* ---- words that are no more ---- */

bool option_once(const struct option_table *table, const char *name, const char *word, char *now,
                 size_t size) {
    for (; table; table = table->next)
        for (const struct option *o = table->options; o && o->name; o++) {
            if (o->type != OPTION_WAS || strcmp(o->name, name) != 0) continue;
            for (const char *at = o->value; *at;) {
                size_t length = strcspn(at, "|"), old = strcspn(at, "=");
                if (strlen(word) == old && memcmp(at, word, old) == 0) {
                    snprintf(now, size, "%.*s", (int)(length - old - 1), at + old + 1);
                    return true;
                }
                at += length + (at[length] == '|');
            }
        }
    return false;
}

/* ---- bounds ---- */

const char *option_bounds(const struct option_table *table, const char *name) {
    for (; table; table = table->next) {
        bool here = false; /* an earlier table's option hides this one's, and its bounds */
        for (const struct option *o = table->options; o && o->name; o++) {
            if (strcmp(o->name, name) != 0) continue;
            if (o->type == OPTION_WITHIN) return o->value;
            here |= !option_is_rule(o);
        }
        if (here) return NULL;
    }
    return NULL;
}

/* A bound, or the value itself, as a number. */
static double number_of(enum option_type type, const char *text) {
    int64_t bytes;
    double rate;
    if (type == OPTION_BYTES) return parse_bytes(text, &bytes) ? (double)bytes : 0;
    if (type == OPTION_RATE) return parse_rate(text, &rate) ? rate : 0;
    return strtod(text, NULL);
}

bool option_within(enum option_type type, const char *bounds, const char *value) {
    char low[32], high[32];
    if (sscanf(bounds, "%31s to %31s", low, high) != 2) return false;
    double number = number_of(type, value);
    return number >= number_of(type, low) && number <= number_of(type, high);
}
