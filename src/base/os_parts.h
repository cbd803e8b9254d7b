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
const char *write_remedy(int number); /* for errno of a failed write; "" */

#endif
