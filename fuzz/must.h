/*
 * What targets of configs do with a result: what must hold aborts where it does not, which is a finding; a
 * refusal must be one line; counts at exit of what got past the header.
 */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

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

static long long must_inputs, must_deep, must_good;

static void must_print(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", must_deep, must_inputs,
            must_good);
}

static inline void must_begin(void) {
    if (must_inputs++ == 0) atexit(must_print);
}

static inline void must_refuse(const struct sy_error *err) {
    char line[1200];
    MUST(err->code != SY_OK && err->code != SY_ERR_INTERNAL && err->code != SY_ERR_MEMORY);
    MUST(err->message[0]);
    sy_error_line(err, line, sizeof line);
    for (const unsigned char *c = (const unsigned char *)line; *c; c++) MUST(*c >= 0x20 && *c != 0x7f);
}

#endif
