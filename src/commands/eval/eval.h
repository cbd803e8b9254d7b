/*
 * eval: how well a model knows a text. Its options, and its methods.
 */
#ifndef COMMANDS_EVAL_EVAL_H
#define COMMANDS_EVAL_EVAL_H

#include "commands/common_session.h"

struct eval_args {
    struct common common;
    const char *file;
    int method; /* index of the word; -1: not given */
    int64_t stride;
    bool routing, json;
};

/* The methods: word is the model's. */
SY_MUST_CHECK bool eval_ppl(const struct eval_args *args, const char *word, struct sy_error *err);
SY_MUST_CHECK bool eval_choice(const struct eval_args *args, const char *word, struct sy_error *err);

#endif
