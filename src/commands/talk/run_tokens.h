/* A token that run generated, and what is kept of it for reports. */
#ifndef COMMANDS_TALK_RUN_TOKENS_H
#define COMMANDS_TALK_RUN_TOKENS_H

#include <switchyard.h>

struct run_token {
    struct sy_logprob token;
    struct sy_logprob *likeliest; /* [likeliest_count], owned by whoever keeps the list */
    int64_t likeliest_count;
};

#endif
