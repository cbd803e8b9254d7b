/*
 * Parsing JSON. One pass over the bytes comes before jansson's, to bound what jansson recurses on and to mend
 * two things in a copy.
 *
 * Tokenizer configs in use everywhere hold the integer 1000000000000000019884624838656 ("no limit"), which is
 * legal JSON but passes int64, and jansson refuses the file for it. Such integers are read as reals: ".0" is
 * put behind each.
 *
 * Python's json module writes floats that are no finite numbers as the bare words NaN, Infinity and -Infinity
 * (its documentation, "Infinite and NaN Number Values"), and configs are written by it. jansson has no value
 * for them. Where they are allowed each becomes a string of its own, which begins with U+FFFF: a character
 * that Unicode keeps out of texts. So whoever wants a number, a list or an object refuses it, who does not
 * read it passes it on, and json_text writes the word again.
 */
#include "base/json.h"
#include "base/os.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK       "\xef\xbf\xbf" /* U+FFFF */
#define MARK_BYTES 3

static const char *const words[] = { "-Infinity", "Infinity", "NaN" };
enum { WORDS = sizeof words / sizeof words[0] };

/* Bytes of the copy that stand where the text has `out`: it puts `put` there. */
struct change {
    int64_t at, out; /* the bytes [at, at + out) of the text */
    char put[16];
};

/* What the scan found. */
struct scan {
    const char *text;
    int64_t size;
    bool allow_words;
    struct change *changes; /* by place, malloc'ed */
    int64_t change_count, change_room;
};

static bool note(struct scan *scan, int64_t at, int64_t out, const char *put) {
    if (scan->change_count == scan->change_room) {
        int64_t room = scan->change_room * 2 + 16;
        struct change *larger = realloc(scan->changes, (size_t)room * sizeof *larger);
        if (!larger) return false;
        scan->changes = larger;
        scan->change_room = room;
    }
    struct change *change = &scan->changes[scan->change_count++];
    *change = (struct change){ .at = at, .out = out };
    snprintf(change->put, sizeof change->put, "%s", put);
    return true;
}

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
    if (whole && is_wide(text + first, end - first, negative) && !note(scan, end, 0, ".0")) return -1;
    while (end < size && (is_digit(text[end]) || memchr("+-.eE", text[end], 5))) ++end;
    return end;
}

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

/* Is what ends before `at` a key? */
static bool is_key(const struct scan *scan, int64_t at) {
    while (at < scan->size && (scan->text[at] == ' ' || (scan->text[at] >= '\t' && scan->text[at] <= '\r')))
        at++;
    return at < scan->size && scan->text[at] == ':';
}

/* One of the words, not as part of a longer one and no key, at `at`; NULL: none. */
static const char *word_at(const struct scan *scan, int64_t at) {
    for (int i = 0; i < WORDS && scan->allow_words; i++) {
        int64_t end = at + (int64_t)strlen(words[i]);
        if (end <= scan->size && memcmp(scan->text + at, words[i], strlen(words[i])) == 0 &&
            (end == scan->size || !is_letter(scan->text[end])) &&
            (at == 0 || !is_letter(scan->text[at - 1])) && !is_key(scan, end))
            return words[i];
    }
    return NULL;
}

/* The byte behind the word; -1 without memory. */
static int64_t scan_word(struct scan *scan, int64_t at, const char *word) {
    char put[16];
    snprintf(put, sizeof put, "\"" MARK "%s\"", word);
    return note(scan, at, (int64_t)strlen(word), put) ? at + (int64_t)strlen(word) : -1;
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
        const char *word = c == '-' || c == 'I' || c == 'N' ? word_at(scan, i) : NULL;
        if (c == '"') {
            i = scan_string(scan, i);
        } else if (word) {
            i = scan_word(scan, i, word);
            if (i < 0) return sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read the JSON text");
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

/* A copy with all changes; NULL without memory. */
static char *change(const struct scan *scan, int64_t *size) {
    *size = scan->size;
    for (int64_t i = 0; i < scan->change_count; i++)
        *size += (int64_t)strlen(scan->changes[i].put) - scan->changes[i].out;
    char *copy = malloc((size_t)*size + 1), *to = copy;
    int64_t from = 0;
    for (int64_t i = 0; copy && i < scan->change_count; i++) {
        const struct change *c = &scan->changes[i];
        memcpy(to, scan->text + from, (size_t)(c->at - from));
        to += c->at - from;
        memcpy(to, c->put, strlen(c->put));
        to += strlen(c->put);
        from = c->at + c->out;
    }
    if (copy) memcpy(to, scan->text + from, (size_t)(scan->size - from));
    return copy;
}

/* The byte of the text that byte `at` of the copy comes from. */
static int64_t place_of(const struct scan *scan, int64_t at) {
    int64_t longer = 0; /* the copy, up to here */
    for (int64_t i = 0; i < scan->change_count; i++) {
        const struct change *c = &scan->changes[i];
        int64_t put = (int64_t)strlen(c->put);
        if (at < c->at + longer) break;
        if (at < c->at + longer + put) return c->out > 0 ? c->at : c->at - 1;
        longer += put - c->out;
    }
    return at - longer;
}

/* jansson's report in our words; its position counts the bytes of the copy. */
static void report(const struct scan *scan, const json_error_t *error, struct sy_error *err) {
    if (json_error_code(error) == json_error_out_of_memory) {
        sy_fail(err, SY_ERR_MEMORY, "the system has no memory to read the JSON text");
        return;
    }
    sy_fail(err, SY_ERR_FORMAT, "no valid JSON: %s", error->text);
    int64_t at =
        error->position > 0 ? error->position - 1 : 0; /* it stands behind the last byte that it read */
    place_at(err, scan->text, scan->size, place_of(scan, at));
}

static json_t *parse(const char *text, int64_t size, struct json_limits limits, size_t flags,
                     bool allow_words, struct sy_error *err) {
    struct scan scan = { .text = text, .size = size, .allow_words = allow_words };
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
    if (scan.change_count > 0) {
        copy = change(&scan, &bytes);
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
    free(scan.changes);
    return root;
}

json_t *json_parse(const char *text, int64_t size, struct json_limits limits, struct sy_error *err) {
    return parse(text, size, limits, 0, false, err);
}

json_t *json_parse_nul(const char *text, int64_t size, struct json_limits limits, struct sy_error *err) {
    return parse(text, size, limits, JSON_ALLOW_NUL, false, err);
}

json_t *json_parse_words(const char *text, int64_t size, struct json_limits limits, struct sy_error *err) {
    return parse(text, size, limits, 0, true, err);
}

static json_t *parse_file(const char *path, struct json_limits limits, bool allow_words,
                          struct sy_error *err) {
    char *text;
    int64_t size;
    if (!os_read_file(path, limits.bytes, &text, &size, err)) return NULL;
    json_t *root = parse(text, size, limits, 0, allow_words, err);
    free(text);
    if (!root) sy_error_in(err, path);
    return root;
}

json_t *json_parse_file(const char *path, struct json_limits limits, struct sy_error *err) {
    return parse_file(path, limits, false, err);
}

json_t *json_parse_file_words(const char *path, struct json_limits limits, struct sy_error *err) {
    return parse_file(path, limits, true, err);
}

/* ---- the words ---- */

const char *json_word(const json_t *value) {
    const char *text = json_string_value(value);
    for (int i = 0; text && strncmp(text, MARK, MARK_BYTES) == 0 && i < WORDS; i++)
        if (strcmp(text + MARK_BYTES, words[i]) == 0) return words[i];
    return NULL;
}

/* The word that the marked string at `at` stands for; NULL: it is another string. */
static const char *marked(const char *at) {
    size_t length;
    if (strncmp(at, "\"" MARK, 1 + MARK_BYTES) != 0) return NULL;
    for (int i = 0; i < WORDS; i++) {
        length = strlen(words[i]);
        if (strncmp(at + 1 + MARK_BYTES, words[i], length) == 0 && at[1 + MARK_BYTES + length] == '"')
            return words[i];
    }
    return NULL;
}

char *json_text(const json_t *root, size_t flags) {
    char *text = json_dumps(root, flags), *to = text;
    for (const char *from = text; from && *from;) {
        const char *word = marked(from);
        if (!word) {
            *to++ = *from++;
            continue;
        }
        memcpy(to, word, strlen(word));
        to += strlen(word);
        from += 2 + MARK_BYTES + strlen(word);
    }
    if (text) *to = 0;
    return text;
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
