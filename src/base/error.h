/*
 * Errors: how a function that can fail says so.
 *
 *     SY_MUST_CHECK bool thing_open(const char *path, struct thing **out, struct sy_error *err);
 *     ...
 *     if (!ok) return sy_fail(err, SY_ERR_FORMAT, "header is %zu bytes, needs 8", n);
 *     if (!thing_open(...)) return sy_error_in(err, path), false;      // the layer above adds the file
 *
 * Nothing is allocated to report an error, and the first report wins: the deepest layer knows best. The
 * layers above only fill what is still empty (file, place, remedy).
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>
#include <switchyard.h>

#define SY_MUST_CHECK         __attribute__((warn_unused_result))
#define SY_PRINTF(text, args) __attribute__((format(printf, text, args)))

#define SY_STRINGIZE_(x) #x
#define SY_STRINGIZE(x)  SY_STRINGIZE_(x)
#define SY_HERE          __FILE__ ":" SY_STRINGIZE(__LINE__)

/* Fill *err (when not NULL) with a code and a one-line message, clear its other fields, and return false.
 * Control characters in the message become '?', so that hostile names cannot break the line. */
#define sy_fail(err, code, ...) sy_fail_at(err, code, SY_HERE, __VA_ARGS__)
bool sy_fail_at(struct sy_error *err, enum sy_code code, const char *source, const char *format, ...)
    SY_PRINTF(4, 5);

/* The same for a failed system call: adds strerror(errno) to the message. */
#define sy_fail_errno(err, code, ...) sy_fail_errno_at(err, code, SY_HERE, __VA_ARGS__)
bool sy_fail_errno_at(struct sy_error *err, enum sy_code code, const char *source, const char *format, ...)
    SY_PRINTF(4, 5);

/* Fill a field that is still empty. Always false, so that they chain: return sy_error_in(err, path). */
bool sy_error_in(struct sy_error *err, const char *file);
bool sy_error_at(struct sy_error *err, const char *format, ...) SY_PRINTF(2, 3);
bool sy_error_remedy(struct sy_error *err, const char *format, ...) SY_PRINTF(2, 3);

/* Copy `text` as one line that is safe to print: control characters, marks that turn the text's direction and
 * bytes that are not UTF-8 become '?'; what does not fit is cut between characters and ends in "...". */
void sy_clean(char *out, size_t size, const char *text);

/* The line that a program prints: "FILE: PLACE: MESSAGE; REMEDY", empty parts left out. Returns `line`. */
char *sy_error_line(const struct sy_error *err, char *line, size_t size);

#endif
