/*
 * A recursive descent over JSON text (RFC 8259, and Python's NaN, Infinity and -Infinity).
 */
#include "template/values/json_in.h"
#include "base/utf8.h"
#include "template/values/big.h"
#include "template/values/dict.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct heap *heap;
    const char *text, *at, *end;
};

static bool read_value(struct reader *reader, struct value *out);

static bool fail(struct reader *reader, const char *message) {
    int64_t line = 1, column = 1;
    for (const char *c = reader->text; c < reader->at; c++) {
        column = *c == '\n' ? 1 : column + ((*c & 0xc0) != 0x80);
        line += *c == '\n';
    }
    heap_fail(reader->heap, "no valid JSON: %s", message);
    return sy_error_at(reader->heap->err, "line %lld, column %lld", (long long)line, (long long)column);
}

static void skip_space(struct reader *reader) {
    while (reader->at < reader->end && memchr(" \t\n\r", *reader->at, 4)) reader->at++;
}

static bool skip(struct reader *reader, char c) {
    skip_space(reader);
    if (reader->at == reader->end || *reader->at != c) return false;
    reader->at++;
    return true;
}

/* ---- strings ---- */

static bool hex_digits(struct reader *reader, uint32_t *point) {
    *point = 0;
    if (reader->end - reader->at < 4) return false;
    for (int i = 0; i < 4; i++, reader->at++) {
        char c = *reader->at, low = (char)(c | 0x20);
        if (!(c >= '0' && c <= '9') && !(low >= 'a' && low <= 'f')) return false;
        *point = *point << 4 | (uint32_t)(c <= '9' ? c - '0' : low - 'a' + 10);
    }
    return true;
}

static bool read_escape(struct reader *reader, struct buffer *out) {
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (reader->at == reader->end) return fail(reader, "the text ends within a string");
    const char *letter = memchr(letters, *reader->at, sizeof letters - 1);
    uint32_t point, low;
    if (letter) {
        reader->at++;
        return buffer_add(reader->heap, out, &meanings[letter - letters], 1);
    }
    if (*reader->at++ != 'u' || !hex_digits(reader, &point)) return fail(reader, "an escape that is none");
    if (point >= 0xd800 && point < 0xdc00 && reader->end - reader->at >= 6 &&
        memcmp(reader->at, "\\u", 2) == 0) {
        const char *before = reader->at;
        reader->at += 2;
        if (!hex_digits(reader, &low)) return fail(reader, "an escape that is none");
        if (low >= 0xdc00 && low < 0xe000)
            point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        else
            reader->at = before;
    }
    return buffer_point(reader->heap, out, point);
}

static bool read_string(struct reader *reader, struct value *out) {
    struct buffer text = { 0 };
    for (reader->at++;;) {
        const char *plain = reader->at;
        while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\') {
            uint32_t point;
            size_t bytes = utf8_decode(reader->at, (size_t)(reader->end - reader->at), &point);
            if (bytes == 0) return fail(reader, "bytes that are no UTF-8");
            if (point < 0x20) return fail(reader, "a control character within a string");
            reader->at += bytes;
        }
        if (!buffer_add(reader->heap, &text, plain, reader->at - plain)) return false;
        if (reader->at == reader->end) return fail(reader, "the text ends within a string");
        if (*reader->at++ == '"') return value_buffer(reader->heap, &text, out);
        if (!read_escape(reader, &text)) return false;
    }
}

/* ---- numbers and words ---- */

static int64_t count_digits(struct reader *reader) {
    const char *begin = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9') reader->at++;
    return reader->at - begin;
}

static bool read_number(struct reader *reader, struct value *out) {
    const char *begin = reader->at;
    bool negative = *begin == '-', real = false;
    reader->at += negative;
    const char *digits = reader->at;
    int64_t count = count_digits(reader);
    if (count == 0 || (count > 1 && *digits == '0')) return fail(reader, "a number that is none");
    if (reader->at < reader->end && *reader->at == '.') {
        real = true;
        reader->at++;
        if (count_digits(reader) == 0) return fail(reader, "a number that is none");
    }
    if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
        real = true;
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-')) reader->at++;
        if (count_digits(reader) == 0) return fail(reader, "a number that is none");
    }
    if (!real)
        return integer_from_digits(reader->heap, digits, count, 10, negative, out) || fail(reader, " ");
    int64_t size = reader->at - begin;
    char *copy = heap_take(reader->heap, size + 1);
    if (!copy) return false;
    memcpy(copy, begin, (size_t)size);
    *out = value_float(strtod(copy, NULL));
    return true;
}

static bool read_word(struct reader *reader, struct value *out) {
    const struct {
        const char *word;
        struct value value;
    } words[] = { { "null", value_none },
                  { "true", value_bool(true) },
                  { "false", value_bool(false) },
                  { "NaN", value_float(NAN) },
                  { "Infinity", value_float(INFINITY) },
                  { "-Infinity", value_float(-INFINITY) } };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i].word);
        if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, words[i].word, size) != 0)
            continue;
        reader->at += size;
        *out = words[i].value;
        return true;
    }
    return fail(reader, "a value was expected");
}

/* ---- lists and objects ---- */

static bool read_list(struct reader *reader, struct value *out) {
    struct values items = { 0 };
    reader->at++;
    if (!skip(reader, ']')) {
        do {
            struct value item;
            if (!read_value(reader, &item) || !values_add(reader->heap, &items, item)) return false;
        } while (skip(reader, ','));
        if (!skip(reader, ']')) return fail(reader, "',' or ']' was expected");
    }
    return value_list(reader->heap, VALUE_LIST, items.items, items.count, out);
}

static bool read_object(struct reader *reader, struct value *out) {
    if (!value_dict(reader->heap, out)) return false;
    reader->at++;
    if (skip(reader, '}')) return true;
    do {
        struct value key, value;
        skip_space(reader);
        if (reader->at == reader->end || *reader->at != '"')
            return fail(reader, "a member's name was expected");
        if (!read_string(reader, &key)) return false;
        if (!skip(reader, ':')) return fail(reader, "':' was expected");
        if (!read_value(reader, &value) || !dict_set(reader->heap, out->dict, key, value)) return false;
    } while (skip(reader, ','));
    return skip(reader, '}') || fail(reader, "',' or '}' was expected");
}

static bool read_value(struct reader *reader, struct value *out) {
    bool done;
    skip_space(reader);
    if (reader->at == reader->end) return fail(reader, "the text ends where a value was expected");
    char first = *reader->at;
    if (first == '"') return read_string(reader, out);
    bool minus = first == '-' && reader->end - reader->at > 1 && reader->at[1] == 'I';
    if ((first == '-' && !minus) || (first >= '0' && first <= '9')) return read_number(reader, out);
    if (first != '[' && first != '{') return read_word(reader, out);
    if (!heap_enter(reader->heap)) return fail(reader, " ");
    done = first == '[' ? read_list(reader, out) : read_object(reader, out);
    heap_leave(reader->heap);
    return done;
}

bool json_read(struct heap *heap, const char *text, int64_t size, struct value *out) {
    struct reader reader = { heap, text, text, text + size };
    if (!heap_copy_work(heap, size) || !read_value(&reader, out)) return false;
    skip_space(&reader);
    return reader.at == reader.end || fail(&reader, "something stands behind the value");
}

/* ---- from jansson ---- */

static bool convert_list(struct heap *heap, const json_t *json, struct value *out) {
    struct values items = { 0 };
    for (size_t i = 0; i < json_array_size(json); i++) {
        struct value item;
        if (!json_convert(heap, json_array_get(json, i), &item) || !values_add(heap, &items, item))
            return false;
    }
    return value_list(heap, VALUE_LIST, items.items, items.count, out);
}

static bool convert_object(struct heap *heap, const json_t *json, struct value *out) {
    const char *key;
    const json_t *member;
    if (!value_dict(heap, out)) return false;
    json_object_foreach((json_t *)(uintptr_t)json, key, member) {
        struct value value;
        if (!json_convert(heap, member, &value) || !dict_set_text(heap, out->dict, key, value)) return false;
    }
    return true;
}

bool json_convert(struct heap *heap, const json_t *json, struct value *out) {
    bool done;
    switch (json_typeof(json)) {
    case JSON_STRING:
        return value_string(heap, json_string_value(json), (int64_t)json_string_length(json), out);
    case JSON_INTEGER: *out = value_int(json_integer_value(json)); return true;
    case JSON_REAL: *out = value_float(json_real_value(json)); return true;
    case JSON_TRUE:
    case JSON_FALSE: *out = value_bool(json_is_true(json)); return true;
    case JSON_NULL: *out = value_none; return true;
    default: break;
    }
    if (!heap_enter(heap)) return false;
    done = json_is_array(json) ? convert_list(heap, json, out) : convert_object(heap, json, out);
    heap_leave(heap);
    return done;
}
