/*
 * A pattern of a tokenizer's file, spelled for PCRE2.
 */
#ifndef TEXT_PATTERN_TRANSLATE_H
#define TEXT_PATTERN_TRANSLATE_H

#include "base/error.h"
#include "base/json.h"
#include "text/pattern/dialect.h"

/* The PCRE2 spelling of a pattern, appended to `out`, for PCRE2_UTF | PCRE2_UCP. Errors: SY_ERR_FORMAT, place
 * "pattern, character N" (counted from 1), naming the construct; SY_ERR_LIMIT for a pattern too long or too
 * deep. */
SY_MUST_CHECK bool pattern_translate(const char *source, int64_t size, enum pattern_dialect dialect,
                                     struct text *out, struct sy_error *err);

#endif
