#include "commands/json_lines.h"

#include "base/os.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct json_lines_limits limits;
    bool (*visit)(void *argument, int64_t line, const json_t *value, struct sy_error *err);
    void *argument;
    int64_t values;
};

static bool blank(const char *text, int64_t size) {
    for (int64_t i = 0; i < size; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
    return true;
}

/* The line stands before the place that the visitor named. */
static bool at_line(struct sy_error *err, int64_t line) {
    char place[sizeof err->place];
    if (!err) return false;
    snprintf(place, sizeof place, "%s", err->place);
    err->place[0] = 0;
    return sy_error_at(err, "line %lld%s%.100s", (long long)line, place[0] ? ", " : "", place);
}

static bool read_line(struct reading *r, const char *text, int64_t size, int64_t line, struct sy_error *err) {
    struct json_limits limits = { .bytes = size, .depth = r->limits.depth };
    json_t *value = json_parse(text, size, limits, err);
    if (!value) {
        if (err) err->place[0] = 0; /* it counts lines from this one's start */
        return at_line(err, line);
    }
    bool done = r->visit(r->argument, line, value, err) || at_line(err, line);
    json_decref(value);
    return done;
}

static bool read_lines(struct reading *r, const char *text, int64_t size, const char *what,
                       struct sy_error *err) {
    int64_t line = 1;
    for (int64_t at = 0; at < size; line++) {
        const char *end = memchr(text + at, '\n', (size_t)(size - at));
        int64_t length = end ? end - (text + at) : size - at;
        if (!blank(text + at, length)) {
            if (r->values++ == r->limits.lines)
                return sy_fail(err, SY_ERR_LIMIT, "more than %lld lines", (long long)r->limits.lines);
            if (!read_line(r, text + at, length, line, err)) return false;
        }
        at += length + 1;
    }
    return r->values > 0 || sy_fail(err, SY_ERR_FORMAT, "holds no %s", what);
}

bool json_lines_read(const char *path, struct json_lines_limits limits, const char *what,
                     bool (*visit)(void *argument, int64_t line, const json_t *value, struct sy_error *err),
                     void *argument, struct sy_error *err) {
    struct reading reading = { .limits = limits, .visit = visit, .argument = argument };
    char *text = NULL;
    int64_t size = 0;
    bool standard = strcmp(path, "-") == 0;
    bool done = standard ? os_read_stdin(limits.bytes, &text, &size, err)
                         : os_read_file(path, limits.bytes, &text, &size, err);
    if (!done) return false;
    done =
        read_lines(&reading, text, size, what, err) || sy_error_in(err, standard ? "standard input" : path);
    free(text);
    return done;
}
