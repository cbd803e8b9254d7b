/*
 * What of an answer is thinking and what is said: text as it streams in, cut at the markers that models put
 * around their thoughts.
 *
 *     "<think>why? </think>Because."   ->   thinking "<think>why? </think>", said "Because."
 *
 * A marker may come in pieces, so bytes that could be the beginning of one are held back until they are sure.
 */
#ifndef COMMANDS_TALK_CHAT_VIEW_H
#define COMMANDS_TALK_CHAT_VIEW_H

#include <stddef.h>

enum voice { VOICE_SAID, VOICE_THINKING };

struct chat_view {
    enum voice voice;
    int marker;    /* that is open while thinking, an index into the table in chat_view.c */
    char held[64]; /* could be the beginning of a marker */
    size_t held_size;
};

/* `prompt`: what the answer follows. Templates may open the thinking themselves. */
struct chat_view chat_view_begin(const char *prompt, size_t size);

struct chat_view_sink {
    void *argument;
    void (*show)(void *argument, enum voice voice, const char *text, size_t size);
};
void chat_view_add(struct chat_view *view, const char *text, size_t size, const struct chat_view_sink *sink);
void chat_view_end(struct chat_view *view, const struct chat_view_sink *sink); /* what was held back */

#endif
