/* The parts of `run`, for its files alone: they see the public library, and nothing inside it. */
#ifndef COMMANDS_TALK_RUN_H
#define COMMANDS_TALK_RUN_H

#include "base/json.h"
#include "commands/talk/sampling_options.h"
#include <switchyard.h>

struct run_args {
    struct speaking speaking; /* first: its table is chained */
    const char *ids, *prompt, *file, *prompts, *system, *layers, *routing_out;
    int routing;               /* 0: not given; or one of these */
    int64_t count;             /* or one of the two of run_count.h */
    int64_t parallel;          /* 0: not given */
    int64_t experts, logprobs; /* -1: not given */
    bool chat, ignore_eos, profile, json, force;
};
enum { ROUTING_LOAD = 1, ROUTING_TOKENS };

#define RUN_INPUT_SECONDS 5 /* that a silent pipe at standard input is waited for */

struct run_prompt { /* owned */
    char *text;     /* NULL: ids were given */
    size_t size;
    int64_t *ids;
    int64_t count;
    bool input_left; /* standard input was open, but silent: it is not part of the text */
};

/* Read what was given: ids, or text from the command line, a file or standard input. One of them must be;
 * standard input, where it is no terminal, stands in for none, and follows the text of the command line. */
SY_MUST_CHECK bool run_prompt_read(const struct run_args *args, struct run_prompt *prompt,
                                   struct sy_error *err);
/* A conversation, as JSON, to ids: through the chat template. */
SY_MUST_CHECK bool run_prompt_chat(struct sy_engine *engine, const char *messages, struct run_prompt *prompt,
                                   struct sy_error *err);
/* Text to ids: through the chat template with --chat. */
SY_MUST_CHECK bool run_prompt_encode(const struct run_args *args, struct sy_engine *engine,
                                     struct run_prompt *prompt, struct sy_error *err);
void run_prompt_free(struct run_prompt *prompt);

/* What a tokenizer may add to a text: bos, eos, a space in front; and a chat template: its frame, which may
 * hold a default system message. */
enum { RUN_ADDED_IDS = 16, RUN_FRAME_IDS = 2048 };

/* Ids that the prompt has at most, for the size of a context before there is a tokenizer. */
int64_t run_prompt_bound(const struct run_args *args, const struct run_prompt *prompt);

#endif
