/*
 * What a person types into a conversation, or a pipe brings: one message at a time.
 *
 * A terminal has line editing and a history that lives as long as the program (it is never written anywhere).
 * A line that ends in a backslash goes on in the next; """ opens and closes a message of many lines. What is
 * pasted (chat_keys.h) is one message however many lines it has; its line ends show as U+23CE until it is
 * sent.
 */
#ifndef COMMANDS_TALK_CHAT_INPUT_H
#define COMMANDS_TALK_CHAT_INPUT_H

#include "base/error.h"
#include "base/json.h"

struct chat_input;

enum input { INPUT_MESSAGE, INPUT_INTERRUPTED, INPUT_END };

/* From standard input. `terminal`: with line editing, prompting on stdout. */
SY_MUST_CHECK bool chat_input_open(bool terminal, struct chat_input **out, struct sy_error *err);
void chat_input_close(struct chat_input *input); /* NULL is allowed */

/* The text stands in the next line that is read, as if typed. Copied. Nothing where there is no editor. */
void chat_input_offer(struct chat_input *input, const char *text);

/* The next message, without its line end, appended to `message`. INPUT_INTERRUPTED: Ctrl-C, nothing is kept.
 */
enum input chat_input_read(struct chat_input *input, struct text *message);

/* Joining lines, apart from where they come from: starts as { 0 }. */
struct message_lines {
    bool block; /* between two """ */
};
/* Takes one line (without its end). True when the message is complete. */
bool message_lines_add(struct message_lines *lines, const char *line, struct text *message);

#endif
