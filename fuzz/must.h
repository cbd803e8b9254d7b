/*
 * What targets of configs do with a result: what must hold aborts where it does not, which is a finding; a
 * refusal must be one line; counts at exit of what got past the header.
 */
#ifndef FUZZ_MUST_H
#define FUZZ_MUST_H

#include "check.h"

static long long must_inputs, must_deep, must_good;

static void must_print(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", must_deep, must_inputs,
            must_good);
}

static inline void must_begin(void) {
    if (must_inputs++ == 0) atexit(must_print);
}

static inline void must_refuse(const struct sy_error *err) {
    check_refusal_line(err);
}

#endif
