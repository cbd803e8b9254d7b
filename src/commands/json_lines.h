/*
 * JSON lines: a file with one JSON value a line; "-" is standard input. Lines of white space are passed over.
 * Errors name file and line.
 */
#ifndef COMMANDS_JSON_LINES_H
#define COMMANDS_JSON_LINES_H

#include "base/json.h"

struct json_lines_limits {
    int64_t bytes, lines; /* of the file */
    int depth;            /* of a value */
};

/* Calls visit for each line's value (borrowed for the call), lines counted from 1; false (err filled, no file
 * or line in it) ends it. A file without any value is an error: "holds no WHAT". */
SY_MUST_CHECK bool json_lines_read(const char *path, struct json_lines_limits limits, const char *what,
                                   bool (*visit)(void *argument, int64_t line, const json_t *value,
                                                 struct sy_error *err),
                                   void *argument, struct sy_error *err);

#endif
