#include "commands/list.h"

#define COMMAND(name) extern const struct command command_##name;
COMMAND_LIST(COMMAND)
#undef COMMAND

const struct command *const command_list[] = {
#define COMMAND(name) &command_##name,
    COMMAND_LIST(COMMAND)
#undef COMMAND
        NULL,
};
_Static_assert(sizeof command_list / sizeof command_list[0] - 1 <= COMMANDS_MAX, "COMMANDS_MAX is too small");
