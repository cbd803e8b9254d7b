/*
 * The two streams of the program: results to stdout, everything else to stderr. What the environment says of
 * the terminal is asked here and nowhere else.
 */
#ifndef COMMANDS_CONSOLE_H
#define COMMANDS_CONSOLE_H

#include "base/json.h"
#include "report/style.h"
#include <stdio.h>

struct style console_style(FILE *stream); /* stdout or stderr */
bool console_moves(void);     /* does the terminal, where there is one, know how to move a cursor? */
FILE *console_progress(void); /* stderr where it is a terminal, else NULL */

/* Print to stdout and free the text. Fails when memory ran out while it grew, or nobody takes it. */
SY_MUST_CHECK bool console_print(struct text *text, struct sy_error *err);
/* Text as it comes, to stdout, at once. */
SY_MUST_CHECK bool console_stream(const char *text, size_t size, struct sy_error *err);
void console_tell(const struct text *text);                 /* to stderr, as it is */
void console_note(const char *format, ...) SY_PRINTF(1, 2); /* one line to stderr: --verbose */
void console_warn(const char *format, ...)
    SY_PRINTF(1, 2); /* "switchyard: warning: ..."; only with success */

/* An error as one line, in the words of the command line: where the library names its own options
 * (sy_options.context) it says --ctx. Returns `line`. */
char *console_error_line(const struct sy_error *err, char *line, size_t size);

/* At the end: is everything out? */
SY_MUST_CHECK bool console_finish(struct sy_error *err);

#endif
