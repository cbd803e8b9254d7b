/*
 * What may be typed in a conversation besides messages: /help, /clear, ...: one table gives the list, the
 * help and the nearest word.
 */
#ifndef COMMANDS_TALK_CHAT_COMMANDS_H
#define COMMANDS_TALK_CHAT_COMMANDS_H

#include "commands/talk/chat_set.h"
#include "commands/talk/chat_talk.h"
#include "report/style.h"

struct chat { /* what a command may look at and change */
    struct talk talk;
    struct chat_set set; /* where talk's sampling comes from */
    struct style style;  /* of stdout */
    bool editor;         /* there is a line editor */
    struct text edit;    /* a message that is to be edited: whoever reads the next one takes it */
};

enum chat_next { CHAT_GO_ON, CHAT_ANSWER, CHAT_LEAVE };

/* Makes of the settings what the next answer is drawn by. */
void chat_use_settings(struct chat *chat);

/* `line` begins with a slash. What there is to read is added to `out`. On an error the conversation is as
 * before. */
SY_MUST_CHECK bool chat_command(struct chat *chat, const char *line, struct text *out, enum chat_next *next,
                                struct sy_error *err);

#endif
