/*
 * Parsing JSON. One pass over the bytes comes before jansson's, to bound what jansson recurses on and to mend
 * one thing: tokenizer configs in use everywhere hold the integer 1000000000000000019884624838656 ("no
 * limit"), which is legal JSON but passes int64, and jansson refuses the file for it. Such integers are read
 * as reals: ".0" is put behind each in a copy.
 */
#include "base/json.h"
#include "base/os.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* What the scan found. */
struct scan {
    const char *text;
    int64_t size;
    int64_t *wide; /* where integers beyond int64 end, malloc'ed */
    int64_t wide_count, wide_room;
};

/* "line L, column C" of a byte, both from 1, columns in characters. */
static bool place_at(struct sy_error *err, const char *text, int64_t size, int64_t at) {
    int64_t line = 1, column = 1;
    for (int64_t i = 0; i < at && i < size; ++i) {
        if (text[i] == '\n')
            ++line, column = 1;
        else if ((text[i] & 0xc0) != 0x80)
            ++column;
    }
    return sy_error_at(err, "line %lld, column %lld", (long long)line, (long long)column);
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_wide(const char *digits, int64_t count, bool negative) {
    const char *most = negative ? "9223372036854775808" : "9223372036854775807";
    return count > 19 || (count == 19 && memcmp(digits, most, 19) > 0);
}

/* The number at `at`: returns the byte behind it and notes a wide integer; -1 without memory. */
static int64_t scan_number(struct scan *scan, int64_t at) {
    const char *text = scan->text;
    int64_t size = scan->size;
    bool negative = text[at] == '-';
    int64_t first = at + negative, end = first;
    while (end < size && is_digit(text[end])) ++end;
    bool whole = end == size || (text[end] != '.' && text[end] != 'e' && text[end] != 'E');
    if (whole && is_wide(text + first, end - first, negative)) {
        if (scan->wide_count == scan->wide_room) {
            scan->wide_room = scan->wide_room * 2 + 16;
            int64_t *larger = realloc(scan->wide, (size_t)scan->wide_room * sizeof *larger);
            if (!larger) return -1;
            scan->wide = larger;
        }
        scan->wide[scan->wide_count++] = end;
    }
    while (end < size && (is_digit(text[end]) || memchr("+-.eE", text[end], 5))) ++end;
    return end;
}

/* The byte behind the string that opens at `at`; the text's end when it is never closed, which jansson
 * reports. */
static int64_t scan_string(const struct scan *scan, int64_t at) {
    for (int64_t i = at + 1; i < scan->size; ++i) {
        if (scan->text[i] == '\\')
            ++i;
        else if (scan->text[i] == '"')
            return i + 1;
    }
    return scan->size;
}

static bool scan_text(struct scan *scan, int depth_max, struct sy_error *err) {
    int depth = 0;
    for (int64_t i = 0; i < scan->size;) {
        char c = scan->text[i];
        if (c == '"') {
            i = scan_string(scan, i);
        } else if (c == '-' || is_digit(c)) {
            i = scan_number(scan, i);
            if (i < 0) return sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read the JSON text");
        } else {
            depth += (c == '[' || c == '{') - (c == ']' || c == '}');
            if (depth > depth_max) {
                sy_fail(err, SY_ERR_LIMIT, "JSON nested deeper than %d levels, the limit", depth_max);
                return place_at(err, scan->text, scan->size, i);
            }
            ++i;
        }
    }
    return true;
}

/* A copy with ".0" behind each wide integer; NULL without memory. */
static char *widen(const struct scan *scan, int64_t *size) {
    *size = scan->size + 2 * scan->wide_count;
    char *copy = malloc((size_t)*size), *to = copy;
    int64_t from = 0;
    for (int64_t i = 0; copy && i < scan->wide_count; from = scan->wide[i++]) {
        memcpy(to, scan->text + from, (size_t)(scan->wide[i] - from));
        to += scan->wide[i] - from;
        *to++ = '.';
        *to++ = '0';
    }
    if (copy) memcpy(to, scan->text + from, (size_t)(scan->size - from));
    return copy;
}

/* jansson's report in our words; its position counts the bytes of the widened copy. */
static void report(const struct scan *scan, const json_error_t *error, struct sy_error *err) {
    int64_t at = error->position, inserted = 0;
    if (json_error_code(error) == json_error_out_of_memory) {
        sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read the JSON text");
        return;
    }
    sy_fail(err, SY_ERR_FORMAT, "no valid JSON: %s", error->text);
    while (inserted < scan->wide_count && scan->wide[inserted] + 2 * inserted < at) ++inserted;
    at -= 2 * inserted;
    place_at(err, scan->text, scan->size,
             at > 0 ? at - 1 : 0); /* jansson stands behind the last byte that it read */
}

static json_t *parse(const char *text, int64_t size, struct json_limits limits, size_t flags,
                     struct sy_error *err) {
    struct scan scan = { .text = text, .size = size };
    json_t *root = NULL;
    char *copy = NULL;
    int64_t bytes = size;
    json_error_t error;
    if (size > limits.bytes || size > INT_MAX / 4) { /* jansson counts positions in int */
        int64_t most = limits.bytes < INT_MAX / 4 ? limits.bytes : INT_MAX / 4;
        sy_fail(err, SY_ERR_LIMIT, "%lld bytes of JSON, the limit is %lld", (long long)size, (long long)most);
        return NULL;
    }
    if (!scan_text(&scan, limits.depth, err)) goto done;
    if (scan.wide_count > 0) {
        copy = widen(&scan, &bytes);
        if (!copy) {
            sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read the JSON text");
            goto done;
        }
    }
    root = json_loadb(copy ? copy : text, (size_t)bytes, flags | JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &error);
    if (!root) report(&scan, &error, err);
done:
    free(copy);
    free(scan.wide);
    return root;
}

json_t *json_parse(const char *text, int64_t size, struct json_limits limits, struct sy_error *err) {
    return parse(text, size, limits, 0, err);
}

json_t *json_parse_nul(const char *text, int64_t size, struct json_limits limits, struct sy_error *err) {
    return parse(text, size, limits, JSON_ALLOW_NUL, err);
}

json_t *json_parse_file(const char *path, struct json_limits limits, struct sy_error *err) {
    char *text;
    int64_t size;
    if (!os_read_file(path, limits.bytes, &text, &size, err)) return NULL;
    json_t *root = json_parse(text, size, limits, err);
    free(text);
    if (!root) sy_error_in(err, path);
    return root;
}

bool json_to_i64(const json_t *value, int64_t *out) {
    if (json_is_integer(value)) {
        *out = json_integer_value(value);
        return true;
    }
    if (!json_is_real(value)) return false;
    double real = json_real_value(value);
    if (!(real >= -0x1p53 && real <= 0x1p53) || real != (double)(int64_t)real) return false;
    *out = (int64_t)real;
    return true;
}
