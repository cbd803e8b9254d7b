/*
 * Private to text/, but for who prints them: what a model's files say of text that is not obeyed, or that two
 * of them say differently. Each note names the file and the key; a program shows them as warnings.
 */
#ifndef TEXT_NOTES_H
#define TEXT_NOTES_H

#include "base/error.h"

#define TEXT_NOTES_MAX 24

struct text_note {
    char file[64], what[96], why[224]; /* "generation_config.json", "num_beams", "one text is followed .." */
};

struct text_notes { /* zeros: none */
    struct text_note list[TEXT_NOTES_MAX];
    int count; /* what comes when it is full is not kept */
};

#define NOT_KNOWN "is not known here, and not obeyed"

/* NULL: nobody listens. */
void text_note(struct text_notes *notes, const char *file, const char *what, const char *why, ...)
    SY_PRINTF(4, 5);

#endif
