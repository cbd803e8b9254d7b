/*
 * Cutting an object into members: strings are skipped whole, brackets are counted, whatever their kind.
 */
#include "formats/json_walk.h"

static bool fails(int64_t at, struct sy_error *err, const char *what) {
    sy_fail(err, SY_ERR_FORMAT, "no valid JSON: %s", what);
    return sy_error_at(err, "byte %lld", (long long)at);
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip_space(struct json_walk *walk) {
    while (walk->at < walk->size && is_space(walk->text[walk->at])) walk->at++;
}

/* The character at the cursor; 0 at the end (and for a NUL, which no rule expects). */
static char peek(const struct json_walk *walk) {
    return walk->at < walk->size ? walk->text[walk->at] : 0;
}

/* Over a string, quotes included; to the end of the text when it is never closed. */
static void skip_string(struct json_walk *walk) {
    for (walk->at++; walk->at < walk->size; walk->at++) {
        char c = walk->text[walk->at];
        if (c == '"') {
            walk->at++;
            return;
        }
        if (c == '\\') walk->at++;
    }
    walk->at = walk->size;
}

/* Up to the ',' or the bracket that ends this value. */
static void skip_value(struct json_walk *walk) {
    int64_t depth = 0;
    while (walk->at < walk->size) {
        char c = walk->text[walk->at];
        if (c == '"') {
            skip_string(walk);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) return;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        walk->at++;
    }
}

bool json_walk_open(struct json_walk *walk, const char *text, int64_t size, int64_t base,
                    struct sy_error *err) {
    *walk = (struct json_walk){ .text = text, .size = size };
    skip_space(walk);
    if (peek(walk) != '{') return fails(base + walk->at, err, "an object must begin here");
    return true;
}

static bool end(struct json_walk *walk, int64_t base, struct sy_error *err) {
    walk->at++;
    skip_space(walk);
    return walk->at == walk->size || fails(base + walk->at, err, "something follows the object");
}

bool json_walk_next(struct json_walk *walk, int64_t base, bool *more, struct sy_error *err) {
    bool first = walk->key == NULL;
    *more = false;
    if (first) {
        walk->at++; /* the '{' */
        skip_space(walk);
    }
    if (peek(walk) == '}') return end(walk, base, err);
    if (!first) {
        if (peek(walk) != ',') return fails(base + walk->at, err, "',' or '}' must stand here");
        walk->at++;
        skip_space(walk);
    }

    if (peek(walk) != '"') return fails(base + walk->at, err, "a key in quotes must stand here");
    int64_t start = walk->at;
    skip_string(walk);
    walk->key = walk->text + start;
    walk->key_bytes = walk->at - start;
    skip_space(walk);
    if (peek(walk) != ':') return fails(base + walk->at, err, "':' must stand here");
    walk->at++;
    skip_space(walk);
    start = walk->at;
    skip_value(walk);
    walk->value = walk->text + start;
    walk->value_bytes = walk->at - start;
    *more = true;
    return true;
}
