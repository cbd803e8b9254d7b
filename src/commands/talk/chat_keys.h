/*
 * Keys for a line editor: bytes as they are typed become characters, and what is pasted stays one line.
 *
 * A terminal that was told CHAT_KEYS_ON puts marks around what is pasted (bracketed paste, xterm's control
 * sequences, "DEC private mode 2004"):
 *
 *     CSI 200 ~  first line CR second line  CSI 201 ~      ->      first line U+23CE second line
 *
 * So a line end in it does not end the line that is edited, but shows as a sign; other control characters
 * of it but the tab are dropped. Other sequences (arrow keys) pass.
 */
#ifndef COMMANDS_TALK_CHAT_KEYS_H
#define COMMANDS_TALK_CHAT_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <wchar.h>

#define CHAT_KEYS_ON       "\033[?2004h"
#define CHAT_KEYS_OFF      "\033[?2004l"
#define CHAT_KEYS_LINE_END "\xe2\x8f\x8e" /* U+23CE, the sign for a line end */

struct chat_keys {
    int (*type)(void *argument, unsigned char *byte); /* 1, 0 at the end, -1 interrupted */
    void *argument;
    unsigned char held[8]; /* bytes read ahead of a sequence that is none of the marks */
    size_t held_at, held_count;
    char *offered; /* owned; a text that is served as if it were pasted, before anything else */
    size_t offered_at;
    bool pasting, after_cr; /* after_cr: a newline now belongs to the return before it */
    wchar_t quoted;         /* comes next: libedit's ^V went before it; 0: none */
};

struct chat_keys chat_keys_begin(int (*type)(void *argument, unsigned char *byte), void *argument);
void chat_keys_end(struct chat_keys *keys);
void chat_keys_offer(struct chat_keys *keys, const char *text); /* copied; left out where memory is short */

/* As libedit's EL_GETCFN: 1 and the character, 0 at the end, -1 where Ctrl-C ended the wait. */
int chat_keys_next(struct chat_keys *keys, wchar_t *character);

#endif
