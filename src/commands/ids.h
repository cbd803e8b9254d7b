/*
 * Token ids that a user gives: `--ids 1,2,3`, or `--batch FILE` with one JSON list of ids a line.
 */
#ifndef COMMANDS_IDS_H
#define COMMANDS_IDS_H

#include "engine/session.h"

struct id_list {
    int64_t *ids; /* owned */
    int64_t count;
    int64_t line; /* of the file, from 1; 0: from the command line */
};

struct id_lists {
    struct id_list *lists; /* owned */
    int64_t count, room;
    int64_t total, longest; /* ids */
    const char *file;       /* borrowed; NULL: from the command line */
};

/* Exactly one of the two must be given. `batch` may be "-": standard input. Lists are never empty. */
SY_MUST_CHECK bool id_lists_read(const char *ids, const char *batch, struct id_lists *lists,
                                 struct sy_error *err);
/* Against the vocabulary and the room for positions. */
SY_MUST_CHECK bool id_lists_check(const struct id_lists *lists, const struct session *session, int64_t room,
                                  struct sy_error *err);
void id_lists_free(struct id_lists *lists);

#endif
