/*
 * A conversation with a model, through the public library: messages become a prompt by the model's chat
 * template, the prompt becomes ids, and what of these the last answer's sequence already holds is not
 * computed again.
 *
 *     messages -> sy_chat -> sy_encode -> ids:  [ common with the last sequence | new ] -> sy_submit(past)
 */
#ifndef COMMANDS_TALK_CHAT_TALK_H
#define COMMANDS_TALK_CHAT_TALK_H

#include "commands/talk/chat_routes.h"
#include <switchyard.h>

struct talk_counts { /* of one answer, or summed */
    int64_t answers, prompt_ids, shared_ids, tokens, steps;
    double prompt_seconds, step_seconds;
};

struct talk {
    struct sy_engine *engine; /* borrowed */
    json_t *messages;         /* owned; the system message first, where there is one */
    const char *context;      /* further names for the template, as JSON; or NULL */
    struct sy_sampling sampling;
    const char *const *stops; /* borrowed */
    int64_t stop_count;
    int64_t new_count; /* of an answer at most; 0: as many as there is room for */
    bool keep_all;     /* what outgrows the context is refused; else the oldest turns are left out */
    size_t left_out;   /* messages behind the system message that the last prompt had no room for */
    int64_t kept;      /* the sequence of the last answer; 0: none */
    struct chat_routes routes;
    struct talk_counts last, all;
};

/* Starts with no messages but `system` (NULL: none). False when memory is short. */
SY_MUST_CHECK bool talk_begin(struct talk *talk, const char *system, struct sy_error *err);
void talk_end(struct talk *talk);

const char *talk_system(const struct talk *talk); /* NULL: none */
SY_MUST_CHECK bool talk_set_system(struct talk *talk, const char *system,
                                   struct sy_error *err); /* "": none */
SY_MUST_CHECK bool talk_add(struct talk *talk, const char *role, const char *content, struct sy_error *err);
/* Takes the last message away if it has this role. */
bool talk_drop(struct talk *talk, const char *role);
void talk_clear(struct talk *talk);                  /* all but the system message */
void talk_take(struct talk *talk, json_t *messages); /* takes the reference */

struct talk_sink {
    void *argument;
    void (*prompt)(void *argument, const char *text, size_t size); /* once, before anything is run */
    void (*read)(void *argument, int64_t done, int64_t count);     /* of the ids of the prompt; or NULL */
    void (*text)(void *argument, const char *text, size_t size);   /* as it becomes sure */
    bool (*stop)(void *argument);                                  /* asked between steps; or NULL */
};

/* Answers to the messages as they are, and adds the answer to them; what came before `stop` counts. Where
 * they leave no room for an answer the oldest turns are left out of the prompt (chat_turns.h). */
SY_MUST_CHECK bool talk_answer(struct talk *talk, const struct talk_sink *sink, enum sy_finish *finish,
                               struct sy_error *err);

#endif
