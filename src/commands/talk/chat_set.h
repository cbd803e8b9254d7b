/*
 * /set: the sampling options of a conversation, changed while it lasts. The words are those of the command
 * line, read by the same table and checked by the engine: "temp 0.8" is --temp 0.8; "temp -" takes it back.
 */
#ifndef COMMANDS_TALK_CHAT_SET_H
#define COMMANDS_TALK_CHAT_SET_H

#include "base/json.h"
#include "commands/talk/sampling_options.h"
#include "report/style.h"

struct chat_set {
    struct speaking speaking;       /* what the command line said, and /set after it */
    struct sy_sampling recommended; /* where they are silent */
    struct sampling_given given;    /* what comes of both */
    char **words;                   /* [count] that /set gave, owned: options borrow them */
    int64_t count, room;
};

SY_MUST_CHECK bool chat_set_open(struct chat_set *set, const struct speaking *speaking,
                                 const struct sy_engine *engine, struct sy_error *err);
void chat_set_close(struct chat_set *set);

/* `words`: a name and a value. On an error all is as before. */
SY_MUST_CHECK bool chat_set_take(struct chat_set *set, const char *words, struct sy_engine *engine,
                                 struct sy_error *err);
void chat_set_show(const struct chat_set *set, const struct style *style, struct text *out);

#endif
