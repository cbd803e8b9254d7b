/* How many tokens are generated behind a prompt: what -n asks for, or what there is room for. */
#ifndef COMMANDS_TALK_RUN_COUNT_H
#define COMMANDS_TALK_RUN_COUNT_H

#include "commands/common.h"
#include <switchyard.h>

/* Of -n, beside numbers from 0 to COUNT_MAX: not given, and to the end of the context. */
#define COUNT_DEFAULT INT64_MIN
#define COUNT_ROOM    (-1)
#define COUNT_MAX     ((int64_t)1 << 40)

#define CONTEXT_MOST 4096 /* that is taken without --ctx */

SY_MUST_CHECK bool count_check(const char *option, int64_t asked, struct sy_error *err);
/* Before anything is known of the room: after text more than after ids. */
int64_t count_most(int64_t asked, bool text);
/* Positions of a sequence: what --ctx says, else no more than the model was made for. */
int64_t count_room(const struct common *common, const struct sy_facts *facts);
/* *count, at first count_most, becomes what fits where -n named no number. False where the room is too
 * small. */
SY_MUST_CHECK bool count_fit(int64_t asked, int64_t prompt, int64_t room, int64_t *count,
                             struct sy_error *err);

#endif
