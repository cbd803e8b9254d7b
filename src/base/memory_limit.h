/*
 * How much memory this process may take, before somebody kills it: the smallest of what its control groups
 * allow, what ulimit -v allows, and what the machine has.
 */
#ifndef BASE_MEMORY_LIMIT_H
#define BASE_MEMORY_LIMIT_H

#include <stdint.h>

struct memory_limit {
    int64_t bytes;     /* INT64_MAX: nobody says */
    const char *whose; /* "this process's control group allows": ends the sentence "more than ..." */
    int64_t available; /* of the machine's memory, now, to be had without swapping; INT64_MAX: unknown */
};

/* `root` is "" but for tests, which lay out a /proc and a /sys of their own. */
struct memory_limit memory_limit(const char *root);

#endif
