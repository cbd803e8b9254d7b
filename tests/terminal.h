/*
 * The program on a terminal, as somebody at a keyboard has it: a pseudo-terminal of 80 columns whose other
 * end is the test.
 *
 *     struct terminal *t = terminal_start(40, (const char *const[]){ "chat", model, NULL });
 *     terminal_type(t, "hello\r");
 *     terminal_wait(t, "> ");         // until this comes, behind what was waited for before
 *     int status = terminal_end(t);   // Ctrl-D, and its exit status
 */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <stddef.h>

struct terminal;

struct terminal *terminal_start(int columns, const char *const *arguments); /* NULL behind the last */
void terminal_type(struct terminal *terminal, const char *bytes);
/* Fails the test when it does not come within a minute. Returns what came up to its end since the last
 * wait. */
const char *terminal_wait(struct terminal *terminal, const char *text);
int terminal_end(struct terminal *terminal);

#endif
