#include "commands/talk/chat_keys.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define ESCAPE     0x1b
#define QUOTE_NEXT 0x16 /* ^V: libedit takes the next character as it is */
#define LINE_END   0x23ce

struct chat_keys chat_keys_begin(int (*type)(void *argument, unsigned char *byte), void *argument) {
    return (struct chat_keys){ .type = type, .argument = argument };
}

void chat_keys_end(struct chat_keys *keys) {
    free(keys->offered);
    keys->offered = NULL;
}

void chat_keys_offer(struct chat_keys *keys, const char *text) {
    free(keys->offered);
    keys->offered = strdup(text);
    keys->offered_at = 0;
}

static bool from_offer(const struct chat_keys *keys) {
    return keys->offered && keys->offered[keys->offered_at];
}

/* The next byte, whoever has it. */
static int next_byte(struct chat_keys *keys, unsigned char *byte) {
    if (from_offer(keys)) {
        *byte = (unsigned char)keys->offered[keys->offered_at++];
        return 1;
    }
    if (keys->held_at < keys->held_count) {
        *byte = keys->held[keys->held_at++];
        return 1;
    }
    return keys->type(keys->argument, byte);
}

/* After an escape: 1 where one of the marks follows, which then is obeyed; 0 where something else does,
 * which then is held. No key that people press is the beginning of a mark. */
static int take_mark(struct chat_keys *keys) {
    static const char begin[] = "[200~", end[] = "[201~";
    unsigned char seen[sizeof begin];
    size_t count = 0;
    for (;;) {
        int got = next_byte(keys, &seen[count]);
        if (got <= 0) return got < 0 ? -1 : 0;
        count++;
        bool begins = memcmp(seen, begin, count) == 0, ends = memcmp(seen, end, count) == 0;
        if (count == sizeof begin - 1 && (begins || ends)) return keys->pasting = begins, 1;
        if (begins || ends) continue;
        memcpy(keys->held, seen, count);
        keys->held_at = 0;
        keys->held_count = count;
        return 0;
    }
}

/* The rest of a character whose first byte is `byte`; U+FFFD for what is none. */
static int take_character(struct chat_keys *keys, unsigned char byte, wchar_t *character) {
    char bytes[4] = { (char)byte };
    uint32_t point = 0xfffd;
    int wanted = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1;
    for (int i = 1; i < wanted; i++) {
        unsigned char more;
        int got = next_byte(keys, &more);
        if (got < 0) return got;
        if (got == 0) break;
        bytes[i] = (char)more;
    }
    if (utf8_decode(bytes, (size_t)wanted, &point) == 0) point = 0xfffd;
    *character = (wchar_t)point;
    return 1;
}

/* A control character of a pasted text: what stands for it, 0 for nothing. */
static wchar_t pasted(struct chat_keys *keys, unsigned char byte) {
    bool second = byte == '\n' && keys->after_cr;
    keys->after_cr = byte == '\r';
    if ((byte == '\r' || byte == '\n') && !second) return LINE_END;
    if (byte != '\t') return 0;
    keys->quoted = '\t';
    return QUOTE_NEXT;
}

int chat_keys_next(struct chat_keys *keys, wchar_t *character) {
    for (;;) {
        unsigned char byte;
        *character = keys->quoted;
        keys->quoted = 0;
        if (*character) return 1;
        bool offered = from_offer(keys);
        int got = next_byte(keys, &byte);
        if (got <= 0) return got;
        if (byte == ESCAPE && !offered) {
            int mark = take_mark(keys);
            if (mark < 0) return mark;
            if (mark > 0) continue;
        }
        if (!(keys->pasting || offered) || byte >= 0x20) {
            keys->after_cr = false;
            if (byte == 0x7f && (keys->pasting || offered)) continue;
            return take_character(keys, byte, character);
        }
        *character = pasted(keys, byte);
        if (*character) return 1;
    }
}
