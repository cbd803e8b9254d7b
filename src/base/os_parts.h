/*
 * Private to base/: what the os_*.c need of each other, but for the system calls (os_fault.h).
 */
#ifndef BASE_OS_PARTS_H
#define BASE_OS_PARTS_H

#include "base/os.h"

#include <sys/stat.h>

/* ---- os_map.c ---- */

bool map_holds(const struct stat *status); /* is this file mapped by anybody in this process? */

/* ---- os_rule.c ---- */

/* The descriptor that a path under /dev or /proc/self/fd stands for, or -1. */
int path_descriptor(const char *path);
/* What the rule says of a regular file that stands at `path`. */
bool rule_allows(const struct os_rule *rule, const char *path, const struct stat *former,
                 struct sy_error *err);
bool refuse_folder(const char *path,
                   struct sy_error *err); /* false: a folder stands where a file is wanted */
const char *write_remedy(int number);     /* for errno of a failed write; "" */

/* ---- os_temporary.c ---- */

enum { TEMPORARY_BYTES = 256 };
/* A new file beside the target, locked, known to signal handlers. -1: errno, and no name. */
int temporary_make(int folder, const char *target, mode_t mode, char name[TEMPORARY_BYTES]);
void temporary_forget(int folder, const char *name); /* it has its own name now, or is gone */
void temporaries_unlink(void);                       /* all that live; for signal handlers */
/* Those that killed runs left of this target. */
void temporaries_sweep_of(int folder, const char *target);

/* ---- os_signal.c ---- */

/* Until fd is ready, fails or ends; false: a signal that ends the program came, before or meanwhile. */
bool wait_ready(int fd, short events);

#endif
