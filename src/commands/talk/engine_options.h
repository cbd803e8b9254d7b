/*
 * From the common options to an engine of the public library: what run and chat use.
 */
#ifndef COMMANDS_TALK_ENGINE_OPTIONS_H
#define COMMANDS_TALK_ENGINE_OPTIONS_H

#include "commands/common.h"
#include <switchyard.h>

struct engine_words { /* that the options point to */
    char kv[COMMON_WORD], cpu[COMMON_WORD];
};

/* All but `sequences`, and what a command has options of its own for. */
void engine_options(const struct common *common, struct engine_words *words, struct sy_options *options);

/* The source in a template's file, malloc'ed and the caller's; NULL without a file. */
SY_MUST_CHECK bool engine_template(const char *file, char **source, struct sy_error *err);

/* Opens the model that `word` names, and tells stderr about it under --verbose. */
SY_MUST_CHECK bool engine_open(const struct common *common, const char *word,
                               const struct sy_options *options, struct sy_engine **engine,
                               struct sy_error *err);

/* After success: warns where the engine departs from the model, and where its context, or a sequence of
 * `used` positions, goes beyond what the model was made for. */
void engine_warn(const struct common *common, const struct sy_engine *engine, int64_t used);

#endif
