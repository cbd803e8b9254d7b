/* run --prompts: many prompts, one load. A JSON line in, a JSON line out, in the same order. */
#ifndef COMMANDS_TALK_RUN_PROMPTS_H
#define COMMANDS_TALK_RUN_PROMPTS_H

#include "commands/talk/run.h"

/* `word` names the model. Ctrl-C prints what is finished; so does an error in between. */
SY_MUST_CHECK bool run_prompts(const struct run_args *args, const char *word, struct sy_error *err);

#endif
