/*
 * A conversation as JSON: {"messages": [{"role": "user", "content": "..."}, ...]}, as chat templates take it.
 * Files are written only when asked, with mode 0600: they hold what was said.
 */
#ifndef COMMANDS_TALK_CHAT_FILE_H
#define COMMANDS_TALK_CHAT_FILE_H

#include "base/json.h"

/* Over a file only where that holds the beginning of these messages: an earlier state of the conversation. */
SY_MUST_CHECK bool chat_file_save(const char *path, const json_t *messages, struct sy_error *err);
SY_MUST_CHECK bool chat_file_replace(const char *path, const json_t *messages,
                                     struct sy_error *err); /* over any file: asked for */
/* A new reference in *messages: a list of objects, each with a text as role and one as content. */
SY_MUST_CHECK bool chat_file_load(const char *path, json_t **messages, struct sy_error *err);

#endif
