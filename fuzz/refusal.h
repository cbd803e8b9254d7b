/*
 * What must hold of every refusal: a code that blames the input, a message, a remedy, one printable line.
 * Whatever is not so aborts, which is a finding.
 */
#ifndef FUZZ_REFUSAL_H
#define FUZZ_REFUSAL_H

#include "check.h"

static inline void refusal_check(const struct sy_error *err) {
    MUST(err->remedy[0]);
    check_refusal_line(err);
}

#endif
