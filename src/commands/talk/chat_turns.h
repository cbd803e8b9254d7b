/*
 * A conversation that outgrows the context: which messages are left out of the prompt, the oldest first.
 *
 *     system | user, assistant | user, assistant | user          a turn begins with what the user says
 *              `-- left out --'
 *
 * The system message and the last turn always stay. Nothing is taken from the conversation itself.
 */
#ifndef COMMANDS_TALK_CHAT_TURNS_H
#define COMMANDS_TALK_CHAT_TURNS_H

#include <jansson.h>

/* How many messages behind the system message are left out when one turn more than `left_out` goes; the same
 * number where only the last turn is there still. */
size_t chat_turns_next(const json_t *messages, size_t left_out);
/* A new list without them; NULL where memory is short. */
json_t *chat_turns_kept(const json_t *messages, size_t left_out);

#endif
