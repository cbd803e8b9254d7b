/*
 * A conversation as JSON: {"messages": [{"role": "user", "content": "..."}, ...]}, as chat templates take it.
 * Files are written only when asked, with mode 0600: they hold what was said.
 */
#ifndef COMMANDS_TALK_CHAT_FILE_H
#define COMMANDS_TALK_CHAT_FILE_H

#include "base/json.h"

SY_MUST_CHECK bool chat_file_save(const char *path, const json_t *messages, struct sy_error *err);
/* A new reference in *messages: a list of objects, each with a text as role and one as content. */
SY_MUST_CHECK bool chat_file_load(const char *path, json_t **messages, struct sy_error *err);

#endif
