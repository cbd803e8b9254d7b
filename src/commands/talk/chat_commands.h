/*
 * What may be typed in a conversation besides messages: /help, /clear, ...: one table gives the list, the
 * help and the nearest word.
 */
#ifndef COMMANDS_TALK_CHAT_COMMANDS_H
#define COMMANDS_TALK_CHAT_COMMANDS_H

#include "commands/talk/chat_talk.h"
#include "report/style.h"

struct chat { /* what a command may look at and change */
    struct talk talk;
    struct style style; /* of stdout */
};

enum chat_next { CHAT_GO_ON, CHAT_ANSWER, CHAT_LEAVE };

/* `line` begins with a slash. What there is to read is added to `out`. On an error the conversation is as
 * before. */
SY_MUST_CHECK bool chat_command(struct chat *chat, const char *line, struct text *out, enum chat_next *next,
                                struct sy_error *err);

#endif
