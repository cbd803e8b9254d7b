/*
 * Chat templates: the Jinja that real model templates use, rendered to the byte as transformers renders it.
 *
 *     source -> lexer -> parser -> tree -> interpreter + context -> text
 *
 * Semantics: jinja2's ImmutableSandboxedEnvironment with trim_blocks and lstrip_blocks, the loop controls
 * extension, {% generation %}, tojson as json.dumps, raise_exception, strftime_now; nothing escaped.
 * Hostile templates end in an error: every render has bounds on steps, depth, memory and output.
 */
#ifndef TEMPLATE_TEMPLATE_H
#define TEMPLATE_TEMPLATE_H

#include "base/error.h"
#include "base/json.h"
#include <stdint.h>

struct template_limits {                              /* zeros: the defaults in template.c */
    int64_t source_bytes, nodes, depth;               /* of parsing */
    int64_t steps, calls, memory_bytes, output_bytes; /* of one rendering */
};

struct chat_template;

/* Place: "line L, column C". The source is copied. */
SY_MUST_CHECK bool template_parse(const char *source, int64_t size, const struct template_limits *limits,
                                  struct chat_template **out, struct sy_error *err);
void template_free(struct chat_template *template); /* NULL is allowed */

struct template_clock { /* what strftime_now sees: UTC seconds since 1970 */
    int64_t seconds;
};

/* Bytes of output that a {% generation %} block made: what the assistant said, for training. */
struct template_span {
    int64_t begin, end;
};
struct template_spans { /* growing; starts as { 0 } */
    struct template_span *data;
    int64_t count, room;
};

/* Render with a context (a JSON object; only read). Appends to `out`; `spans` may be NULL. Errors:
 * SY_ERR_INPUT with the template's own message for raise_exception; SY_ERR_FORMAT for what Python would
 * raise; SY_ERR_LIMIT beyond a bound; each with line and column. The template itself may be rendered from
 * several threads. */
SY_MUST_CHECK bool template_render(const struct chat_template *template, const json_t *context,
                                   struct template_clock clock, struct text *out,
                                   struct template_spans *spans, struct sy_error *err);

#endif
