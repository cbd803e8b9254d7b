/*
 * Chat templates: the Jinja that real model templates use, rendered to the byte as transformers renders it.
 *
 *     source -> lexer -> parser -> names -> tree -> interpreter + context -> text
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

struct template_limits {                              /* zeros: the defaults in render.c */
    int64_t source_bytes, nodes, depth;               /* of parsing */
    int64_t steps, calls, memory_bytes, output_bytes; /* of one rendering */
};

struct chat_template;

/* Place: "line L, column C". The source is copied. */
SY_MUST_CHECK bool template_parse(const char *source, int64_t size, const struct template_limits *limits,
                                  struct chat_template **out, struct sy_error *err);
void template_free(struct chat_template *template); /* NULL is allowed */

/* ---- what a template sees ---- */

struct template_context; /* names and their values; NULL is an empty one */

SY_MUST_CHECK bool template_context_open(struct template_context **out, struct sy_error *err);
void template_context_close(struct template_context *context); /* NULL is allowed */

/* Set a name to a JSON value, as text (integers of any size) or as jansson's; where `name` is NULL, all
 * members of an object. The value is copied. A name that is set again has the new value. */
SY_MUST_CHECK bool template_context_text(struct template_context *context, const char *name, const char *json,
                                         int64_t size, struct sy_error *err);
SY_MUST_CHECK bool template_context_json(struct template_context *context, const char *name,
                                         const json_t *json, struct sy_error *err);
SY_MUST_CHECK bool template_context_string(struct template_context *context, const char *name,
                                           const char *text, int64_t size, struct sy_error *err);

/* Make of what is set the context of transformers' apply_chat_template: `messages` must be a list of objects,
 * and reasoning that one holds by another name becomes its reasoning_content too; `tools` and `documents`
 * that are not set are none; add_generation_prompt is set. */
SY_MUST_CHECK bool template_context_chat(struct template_context *context, bool add_generation_prompt,
                                         struct sy_error *err);

/* ---- rendering ---- */

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
void template_spans_free(struct template_spans *spans);

/* Render with a context, which is only read. Appends to `out`, or leaves it alone on failure; `spans` may be
 * NULL. Errors: SY_ERR_INPUT with the template's own message for raise_exception; SY_ERR_FORMAT for what
 * Python would raise; SY_ERR_LIMIT beyond a bound; each with line and column. Template and context may be
 * rendered from several threads at a time. */
SY_MUST_CHECK bool template_render(const struct chat_template *template,
                                   const struct template_context *context, struct template_clock clock,
                                   struct text *out, struct template_spans *spans, struct sy_error *err);

#endif
