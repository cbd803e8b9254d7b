#include "text/notes.h"

#include <stdarg.h>
#include <stdio.h>

void text_note(struct text_notes *notes, const char *file, const char *what, const char *why, ...) {
    if (!notes || notes->count == TEXT_NOTES_MAX) return;
    struct text_note *note = &notes->list[notes->count++];
    va_list args;
    snprintf(note->file, sizeof note->file, "%s", file);
    snprintf(note->what, sizeof note->what, "%s", what);
    va_start(args, why);
    vsnprintf(note->why, sizeof note->why, why, args);
    va_end(args);
}
