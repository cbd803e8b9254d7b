/*
 * Walking chained option tables. Internal to base/.
 */
#ifndef BASE_OPTIONS_TABLE_H
#define BASE_OPTIONS_TABLE_H

#include "base/options.h"

#define PROGRAM_NAME "switchyard"

/* An option that every command has without declaring it. */
extern const struct option help_option;

/* for (each option of the chain that no earlier one hides; help last) */
struct option_walk {
    const struct option_table *table, *rest;
    const struct option *option;
};
struct option_walk option_walk(const struct option_table *table);
const struct option *option_walk_next(struct option_walk *walk); /* NULL at the end */

/* By name (`length` bytes of it) or by letter; NULL when there is none. */
const struct option *option_named(const struct option_table *table, const char *name, size_t length);
const struct option *option_lettered(const struct option_table *table, char letter);

/* The letter by which `option` can be reached, 0 when it has none or an earlier option took it. */
char option_letter(const struct option_table *table, const struct option *option);

/* Does no word follow? A mode has its word behind "=" in the same one. */
static inline bool option_stands_alone(const struct option *option) {
    return option->type == OPTION_FLAG || option->type == OPTION_MODE;
}

/* "N", or "VALUE" where the table names nothing. */
const char *option_value(const struct option *option);

#endif
