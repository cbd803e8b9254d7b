/*
 * Growing text (declared in json.h). Running out of memory is remembered in the text instead of reported by
 * each of the dozens of calls that one output makes; who prints it looks once.
 */
#include "base/json.h"
#include "base/utf8.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and a NUL. */
static bool text_grow(struct text *text, size_t more) {
    if (text->failed) return false;
    if (more < text->room - text->size) return true;
    size_t room = text->room * 2 + more + 64;
    char *larger = more < SIZE_MAX / 4 && text->room < SIZE_MAX / 4 ? realloc(text->data, room) : NULL;
    if (!larger) {
        text->failed = true;
        return false;
    }
    text->data = larger;
    text->room = room;
    return true;
}

void text_add_bytes(struct text *text, const void *bytes, size_t size) {
    if (size == 0 || !text_grow(text, size)) return;
    memcpy(text->data + text->size, bytes, size);
    text->data[text->size += size] = 0;
}

void text_add(struct text *text, const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    if (length < 0)
        text->failed = true;
    else if (text_grow(text, (size_t)length)) {
        vsnprintf(text->data + text->size, (size_t)length + 1, format, again);
        text->size += (size_t)length;
    }
    va_end(again);
    va_end(args);
}

void text_add_json_bytes(struct text *text, const char *bytes, size_t size) {
    static const char short_form[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'
    };
    text_add_bytes(text, "\"", 1);
    for (const char *at = bytes; at < bytes + size;) {
        uint32_t point;
        size_t length = utf8_decode(at, (size_t)(bytes + size - at), &point);
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\')
            text_add(text, "\\%c", byte);
        else if (byte < 0x20 && short_form[byte])
            text_add(text, "\\%c", short_form[byte]);
        else if (byte < 0x20)
            text_add(text, "\\u%04x", byte);
        else if (length == 0)
            text_add_bytes(text, "\xef\xbf\xbd", 3); /* U+FFFD: JSON has no way to hold other bytes */
        else
            text_add_bytes(text, at, length);
        at += length ? length : 1;
    }
    text_add_bytes(text, "\"", 1);
}

void text_add_json_string(struct text *text, const char *string) {
    if (string)
        text_add_json_bytes(text, string, strlen(string));
    else
        text_add_bytes(text, "null", 4);
}

void text_add_json_number(struct text *text, double value) {
    if (!isfinite(value)) {
        text_add_bytes(text, "null", 4); /* JSON has neither NaN nor infinity */
        return;
    }
    if (value == 0 && signbit(value)) {
        text_add_bytes(text, "-0.0", 4); /* "-0" would be read as an integer */
        return;
    }
    char digits[40];
    for (int precision = 15; precision <= 17; ++precision) {
        snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value) break;
    }
    for (char *at = digits; *at; ++at)
        if (*at == ',') *at = '.'; /* some locales */
    text_add_bytes(text, digits, strlen(digits));
}

void text_free(struct text *text) {
    free(text->data);
    *text = (struct text){ .data = NULL };
}
