/*
 * JSON glue over jansson: limits before parsing, errors with line and column, and typed reading.
 *
 * jansson is strict (no comments, no trailing commas, UTF-8 checked) and reports positions; it does not bound
 * nesting as tightly as we want nor reject duplicate keys by default, which this does. Integers beyond int64,
 * which tokenizer configs hold ("no limit" is 1000000000000000019884624838656 there), become reals.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/error.h"
#include <jansson.h>
#include <stdint.h>

struct json_limits {
    int64_t bytes; /* of text */
    int depth;     /* of nested arrays and objects */
};

/* Parse text (not NUL-terminated) strictly; duplicate keys are refused; any value may stand at the top.
 * Returns a new reference, or NULL and err (SY_ERR_FORMAT, or SY_ERR_LIMIT; place "line L, column C"). */
json_t *json_parse(const char *text, int64_t size, struct json_limits limits, struct sy_error *err);

/* The same, but strings may hold U+0000: who reads them must look at their lengths. */
json_t *json_parse_nul(const char *text, int64_t size, struct json_limits limits, struct sy_error *err);

/* Read and parse a file; err names the file. */
json_t *json_parse_file(const char *path, struct json_limits limits, struct sy_error *err);

/* The same with NaN, Infinity and -Infinity, as Python's json module writes floats that are no finite
 * numbers: for what a model's files hold. Such a value is no number, no list and no object to jansson; as a
 * string it begins with U+FFFF, so who reads strings asks json_word. */
json_t *json_parse_words(const char *text, int64_t size, struct json_limits limits, struct sy_error *err);
json_t *json_parse_file_words(const char *path, struct json_limits limits, struct sy_error *err);
const char *json_word(const json_t *value); /* "NaN", "Infinity" or "-Infinity"; NULL: another value */
/* json_dumps, with those words as they were; for flags without JSON_ENSURE_ASCII. */
char *json_text(const json_t *root, size_t flags);

/* An integer value: real JSON integers, or reals that are whole numbers within +-2^53 (configs hold 1e6 and
 * 4096.0). */
SY_MUST_CHECK bool json_to_i64(const json_t *value, int64_t *out);

/* Growing text, for JSON output too: strings escaped (NULL gives null, what is not UTF-8 U+FFFD), doubles as
 * short as they can be read back from (NaN and infinities give null). Starts as { 0 }. */
struct text {
    char *data; /* NUL-terminated; NULL when empty */
    size_t size, room;
    bool failed; /* out of memory somewhere */
};
void text_add(struct text *text, const char *format, ...) SY_PRINTF(2, 3);
void text_add_bytes(struct text *text, const void *bytes, size_t size); /* any, NULs too */
void text_add_json_string(struct text *text, const char *string);
void text_add_json_bytes(struct text *text, const char *bytes, size_t size); /* a string, NULs too */
void text_add_json_number(struct text *text, double value);
void text_free(struct text *text);

#endif
