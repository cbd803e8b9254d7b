/*
 * The terminal that a conversation is held in: how wide it is, and quiet while the program speaks.
 */
#ifndef BASE_OS_TERMINAL_H
#define BASE_OS_TERMINAL_H

int os_terminal_columns(void); /* of standard output; 0: unknown, or none */

/* From here on what is typed shows nowhere, and waits, byte for byte, until somebody reads it; Ctrl-C works
 * as always. Restore: as it was before the first call. Neither does anything without a terminal. Ctrl-C
 * restores it, too: the next one may end the program. */
void os_terminal_quiet(void);
void os_terminal_restore(void); /* may be called from a signal handler */

#endif
