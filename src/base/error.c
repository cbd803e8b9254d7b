/*
 * Errors: every string that enters one is cleaned first, because file names, tensor names and keys are
 * hostile: a report is one line, and prints nothing that a terminal would obey.
 */
#include "base/error.h"
#include "base/utf8.h"
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* What breaks a line or steers a terminal: control characters, line separators, marks that turn the text's
 * direction. */
static bool is_unprintable(uint32_t point) {
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2066 && point <= 0x2069);
}

void sy_clean(char *out, size_t size, const char *text) {
    size_t used = 0, cut = 0; /* cut: the last end of a character behind which "..." still fits */
    if (size == 0) return;
    while (*text) {
        uint32_t point = 0;
        size_t length = utf8_decode(text, SIZE_MAX, &point);
        bool keep = length > 0 && !is_unprintable(point);
        size_t need = keep ? length : 1;
        if (used + need >= size) {
            used = cut;
            for (int i = 0; i < 3 && used + 1 < size; ++i) out[used++] = '.';
            break;
        }
        if (keep)
            memcpy(out + used, text, length);
        else
            out[used] = '?';
        used += need;
        if (used + 4 <= size) cut = used;
        text += length ? length : 1;
    }
    out[used] = 0;
}

static void format_clean(char *out, size_t size, const char *format, va_list args) {
    char line[1024];
    if (vsnprintf(line, sizeof line, format, args) < 0) snprintf(line, sizeof line, "(no text)");
    sy_clean(out, size, line);
}

static bool fill(struct sy_error *err, enum sy_code code, const char *source, const char *message) {
    char kept[sizeof err->message]; /* `message` may lie in *err */
    if (!err) return false;
    sy_clean(kept, sizeof kept, message);
    memset(err, 0, sizeof *err);
    err->code = code;
    err->source = source;
    memcpy(err->message, kept, sizeof kept);
    return false;
}

bool sy_fail_at(struct sy_error *err, enum sy_code code, const char *source, const char *format, ...) {
    char message[512];
    va_list args;
    va_start(args, format);
    format_clean(message, sizeof message, format, args);
    va_end(args);
    return fill(err, code, source, message);
}

bool sy_fail_errno_at(struct sy_error *err, enum sy_code code, const char *source, const char *format, ...) {
    int number = errno;
    char message[512], reason[128];
    va_list args;
    va_start(args, format);
    format_clean(message, sizeof err->message - 80, format,
                 args); /* so that the reason is not what gets cut */
    va_end(args);
    size_t used = strlen(message);
    snprintf(message + used, sizeof message - used, ": %s", strerror_r(number, reason, sizeof reason));
    return fill(err, code, source, message);
}

bool sy_error_in(struct sy_error *err, const char *file) {
    if (err && !err->file[0]) sy_clean(err->file, sizeof err->file, file);
    return false;
}

bool sy_error_at(struct sy_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (err && !err->place[0]) format_clean(err->place, sizeof err->place, format, args);
    va_end(args);
    return false;
}

bool sy_error_remedy(struct sy_error *err, const char *format, ...) {
    va_list args;
    va_start(args, format);
    if (err && !err->remedy[0]) format_clean(err->remedy, sizeof err->remedy, format, args);
    va_end(args);
    return false;
}

char *sy_error_line(const struct sy_error *err, char *line, size_t size) {
    char whole[sizeof *err + 16];
    snprintf(whole, sizeof whole, "%s%s%s%s%s%s%s", err->file, err->file[0] ? ": " : "", err->place,
             err->place[0] ? ": " : "", err->message, err->remedy[0] ? "; " : "", err->remedy);
    sy_clean(line, size, whole);
    return line;
}
