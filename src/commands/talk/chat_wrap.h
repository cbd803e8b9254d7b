/*
 * An answer on a terminal, broken between words: what streams in is printed at once, and a word that turns
 * out too long for its line is taken back and begun anew on the next.
 *
 *     "a long wo" "rd"  ->  "a long wo" CSI 2 D CSI K "\n" "word"
 *
 * The last column stays free: terminals differ in where the cursor is once it is filled. Control characters
 * of a model but newline and tab do not reach the terminal.
 */
#ifndef COMMANDS_TALK_CHAT_WRAP_H
#define COMMANDS_TALK_CHAT_WRAP_H

#include "base/json.h"

#define WRAP_WORD_BYTES 256

struct chat_wrap {
    int columns;                /* of the terminal; 0: nothing is broken */
    int column;                 /* where the next character goes */
    char word[WRAP_WORD_BYTES]; /* the one that is being printed; longer ones are broken where they are */
    size_t word_size;
    int word_columns;
    bool soft; /* the line was just broken at a space: a newline now, or another space, adds nothing */
};

struct chat_wrap chat_wrap_begin(int columns);
/* Appends to `out` what is to be printed. `text` is UTF-8; a character comes whole. */
void chat_wrap_add(struct chat_wrap *wrap, const char *text, size_t size, struct text *out);

#endif
