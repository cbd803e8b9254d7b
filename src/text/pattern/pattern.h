/*
 * The patterns of pre-tokenisers, through PCRE2 with JIT.
 *
 * Tokenizer files hold patterns written for three engines: Oniguruma (tokenizer.json, through Hugging Face's
 * tokenizers), Rust's regex and fancy-regex (tiktoken), and Python's regex. They differ from PCRE2, and from
 * one another, in what \s, \w, ^ and $ mean, in class intersections ([..&&..] compiles silently in PCRE2 and
 * matches wrongly), in what \p{Han} is, and in folding of case. Each pattern is translated once by a small
 * parser that knows every construct it passes on; one that it does not know is an error that names the
 * construct and its place.
 */
#ifndef TEXT_PATTERN_H
#define TEXT_PATTERN_H

#include "base/error.h"
#include "text/pattern/dialect.h"
#include <stdint.h>

struct pattern;

/* Compiled once, read-only after: any number of threads may match with it. */
SY_MUST_CHECK bool pattern_open(const char *source, int64_t size, enum pattern_dialect dialect,
                                struct pattern **out, struct sy_error *err);
/* Finds exactly this text, nothing in it being special (tokenizer.json's {"String": ...}); size > 0. */
SY_MUST_CHECK bool pattern_open_literal(const char *text, int64_t size, struct pattern **out,
                                        struct sy_error *err);
void pattern_close(struct pattern *pattern); /* NULL is allowed */
/* Was it opened from this pattern (not from a literal), whatever its spelling? Both are read as
 * PATTERN_RUST. */
bool pattern_is(const struct pattern *pattern, const char *source);

/* A thread's own room for matching, with any pattern. */
struct pattern_scratch;
SY_MUST_CHECK bool pattern_scratch_open(struct pattern_scratch **out, struct sy_error *err);
void pattern_scratch_close(struct pattern_scratch *scratch); /* NULL is allowed */

/*
 * The first match that begins at or after `from`: [*begin, *end), *begin = -1 when there is none. `text` must
 * be valid UTF-8 (it is not looked at again), `from` at a character's front. What stands before `from` is
 * seen by lookbehinds and ^. A match may be empty (*begin == *end): the caller then goes on one character
 * further. Errors: SY_ERR_LIMIT when the pattern backtracks, nests or takes more memory than is allowed.
 */
SY_MUST_CHECK bool pattern_next(const struct pattern *pattern, struct pattern_scratch *scratch,
                                const char *text, int64_t size, int64_t from, int64_t *begin, int64_t *end,
                                struct sy_error *err);

/*
 * All matches of a text, in turn: what a caller's loop over pattern_next would give, empty ones left out.
 * `visit` sees [begin, end) of each; false from it ends the walk, which then fails with what it put in err.
 */
typedef bool pattern_visit(void *argument, int64_t begin, int64_t end, struct sy_error *err);
SY_MUST_CHECK bool pattern_walk(const struct pattern *pattern, struct pattern_scratch *scratch,
                                const char *text, int64_t size, pattern_visit *visit, void *argument,
                                struct sy_error *err);

#endif
