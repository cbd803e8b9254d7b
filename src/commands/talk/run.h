/* The parts of `run`, for its files alone: they see the public library, and nothing inside it. */
#ifndef COMMANDS_TALK_RUN_H
#define COMMANDS_TALK_RUN_H

#include "base/json.h"
#include "commands/talk/sampling_options.h"
#include <switchyard.h>

struct run_args {
    struct speaking speaking; /* first: its table is chained */
    const char *ids, *prompt, *file, *system;
    int64_t count, experts, logprobs; /* -1: not given */
    bool chat, ignore_eos, routing, profile, json;
};

struct run_prompt { /* owned */
    char *text;     /* NULL: ids were given */
    size_t size;
    int64_t *ids;
    int64_t count;
};

/* Read what was given: ids, or text from the command line, a file or standard input. One of them must be. */
SY_MUST_CHECK bool run_prompt_read(const struct run_args *args, struct run_prompt *prompt,
                                   struct sy_error *err);
/* Text to ids: through the chat template with --chat. */
SY_MUST_CHECK bool run_prompt_encode(const struct run_args *args, struct sy_engine *engine,
                                     struct run_prompt *prompt, struct sy_error *err);
void run_prompt_free(struct run_prompt *prompt);

/* Ids that the prompt has at most, for the size of a context before there is a tokenizer. */
int64_t run_prompt_bound(const struct run_args *args, const struct run_prompt *prompt);

#endif
