/*
 * From the common options to a session, for commands that look inside: logits, eval, bench; and what
 * --verbose says of it.
 */
#ifndef COMMANDS_COMMON_SESSION_H
#define COMMANDS_COMMON_SESSION_H

#include "commands/common.h"
#include "engine/session.h"
#include "formats/recognize.h"

/* Options for a session in which each sequence needs `positions`. exact_default: what the command wants where
 * the user does not say. */
SY_MUST_CHECK bool common_options(const struct common *common, bool exact_default, int64_t positions,
                                  struct session_options *options, struct sy_error *err);

/* What a word leads to: a path, else a name in $SWITCHYARD_MODELS or in the installed data folder. */
SY_MUST_CHECK bool common_model(const char *word, enum given_want want, struct given *given,
                                struct sy_error *err);

/* Opens the model that `word` names, and tells stderr about it under --verbose. */
SY_MUST_CHECK bool common_open(const struct common *common, const char *word,
                               const struct session_options *options, struct session *session,
                               struct sy_error *err);

/* What is to be said once it went well: of the model's files, and of a context of `used` positions. */
void common_warn(const struct common *common, const struct session *session, int64_t used);

/* Positions that a sequence may have: what --ctx says, else no more than the model was made for. */
int64_t common_room(const struct common *common, const struct session *session);

#endif
