/* The counters of experts of a session, for a table (expert_table.h): what eval and bench print. */
#ifndef COMMANDS_SESSION_LOAD_H
#define COMMANDS_SESSION_LOAD_H

#include "commands/expert_table.h"
#include "engine/session.h"

struct session_load { /* what the table borrows, owned */
    struct expert_table table;
    int64_t *layer_of, *counts;
};

/* As long as they are added to a zero table of the session's shape: `tokens` are counted by the caller. */
SY_MUST_CHECK bool session_load_open(const struct session *session, struct session_load *load,
                                     struct sy_error *err);
/* What the session has counted since it was opened; the tokens by the layer that saw the most. */
void session_load_read(const struct session *session, struct session_load *load);
void session_load_close(struct session_load *load);

#endif
