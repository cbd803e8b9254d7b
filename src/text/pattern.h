/*
 * The patterns of pre-tokenisers, through PCRE2 with JIT.
 *
 * Tokenizer files hold patterns written for three engines: Rust's fancy-regex and Oniguruma (tokenizer.json),
 * Rust's regex by way of tiktoken, and Python's regex. They differ from PCRE2 in what \s and \w mean, in
 * class intersections ([..&&..] compiles silently in PCRE2 and matches wrongly), in possessive and atomic
 * spellings, and in Unicode versions. Each pattern is translated once by a small function that knows every
 * construct it passes on; one that it does not know is an error that names the construct.
 */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include "base/error.h"
#include "base/json.h"
#include <stdint.h>

/* The PCRE2 spelling of a pattern; `out` is appended to. Place: "pattern, character N". */
SY_MUST_CHECK bool pattern_translate(const char *source, int64_t size, struct text *out,
                                     struct sy_error *err);

struct pattern;

/* Compiled once, read-only after; matching is bounded (heap, depth, backtracking: the error says which). */
SY_MUST_CHECK bool pattern_open(const char *source, int64_t size, struct pattern **out, struct sy_error *err);
void pattern_close(struct pattern *pattern); /* NULL is allowed */

/* A thread's own room for matching with any pattern; NULL err state on failure as ever. */
struct pattern_scratch;
SY_MUST_CHECK bool pattern_scratch_open(struct pattern_scratch **out, struct sy_error *err);
void pattern_scratch_close(struct pattern_scratch *scratch);

/* The first match at or after `from` in valid UTF-8 text: [*begin, *end), *begin = -1 when there is none.
 * Never returns an empty match at `from` twice: the caller goes on from *end, or one character further. */
SY_MUST_CHECK bool pattern_next(const struct pattern *pattern, struct pattern_scratch *scratch,
                                const char *text, int64_t size, int64_t from, int64_t *begin, int64_t *end,
                                struct sy_error *err);

#endif
