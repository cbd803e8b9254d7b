/*
 * What must hold, of results and of refusals. Whatever is not so aborts, which is a finding.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define MUST(condition)                                                                                      \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "fuzz: not so: %s\n", #condition);                                               \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* A code that blames the input, a message, one printable line. */
static inline void check_refusal_line(const struct sy_error *err) {
    char line[1200];
    MUST(err->code != SY_OK && err->code != SY_ERR_INTERNAL && err->code != SY_ERR_MEMORY);
    MUST(err->message[0]);
    sy_error_line(err, line, sizeof line);
    for (const unsigned char *c = (const unsigned char *)line; *c; c++) MUST(*c >= 0x20 && *c != 0x7f);
}

#endif
