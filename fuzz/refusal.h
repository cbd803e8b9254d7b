/*
 * What must hold of every refusal: a code that blames the input, a message, a remedy, one printable line.
 * Whatever is not so aborts, which is a finding.
 */
#ifndef FUZZ_REFUSAL_H
#define FUZZ_REFUSAL_H

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

static inline void refusal_check(const struct sy_error *err) {
    char line[1200];
    MUST(err->code != SY_OK && err->code != SY_ERR_INTERNAL && err->code != SY_ERR_MEMORY);
    MUST(err->message[0] && err->remedy[0]);
    sy_error_line(err, line, sizeof line);
    for (const unsigned char *c = (const unsigned char *)line; *c; c++) MUST(*c >= 0x20 && *c != 0x7f);
}

#endif
