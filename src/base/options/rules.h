/*
 * Rules of option tables: which options go together, between which bounds values lie. Internal to base/.
 */
#ifndef BASE_OPTIONS_RULES_H
#define BASE_OPTIONS_RULES_H

#include "base/options.h"

enum { OPTIONS_GIVEN_MAX = 128 };

struct options_given {                               /* what a command line holds */
    const struct option *options[OPTIONS_GIVEN_MAX]; /* each once */
    const char *values[OPTIONS_GIVEN_MAX];           /* the last one given; NULL: a flag */
    int count;
    const char *const *words; /* the arguments */
    int word_count;
};

bool option_is_rule(const struct option *option);
void option_note(struct options_given *given, const struct option *option, const char *value);

/* Whether what was given goes together, by all tables of the chain. */
SY_MUST_CHECK bool options_check(const struct option_table *table, const struct options_given *given,
                                 struct sy_error *err);

/* "1 to 256"; NULL: the tables state none. */
const char *option_bounds(const struct option_table *table, const char *name);
/* Whether the choice `name` had this word once; then `now` is what to give instead. */
bool option_once(const struct option_table *table, const char *name, const char *word, char *now,
                 size_t size);
bool option_within(enum option_type type, const char *bounds, const char *value);

#endif
