/*
 * JSON output: commas and keys kept right, one line, no spaces. A key is NULL inside a list and at the top.
 *
 *     struct emit e = { .text = &text };
 *     emit_object(&e, NULL);  emit_int(&e, "cores", 2);  emit_end(&e);
 */
#ifndef COMMANDS_EMIT_H
#define COMMANDS_EMIT_H

#include "base/json.h"

#define EMIT_DEPTH_MAX 32

struct emit {
    struct text *text; /* borrowed */
    bool comma;        /* something stands before what comes next */
    int depth;
    char closers[EMIT_DEPTH_MAX];
};

void emit_object(struct emit *emit, const char *key);
void emit_list(struct emit *emit, const char *key);
void emit_end(struct emit *emit); /* of the innermost object or list; the outermost ends the line */
void emit_int(struct emit *emit, const char *key, int64_t value);
void emit_real(struct emit *emit, const char *key, double value); /* not finite: null */
void emit_bool(struct emit *emit, const char *key, bool value);
void emit_string(struct emit *emit, const char *key, const char *value); /* NULL: null */

void emit_json(struct emit *emit, const char *key, const json_t *value); /* NULL: null */

#endif
