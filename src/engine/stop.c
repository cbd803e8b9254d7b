#include "engine/stop.h"

#include <stdlib.h>
#include <string.h>

struct stop_texts {
    int64_t count, size_max;
    struct stop_text {
        int64_t size;
        char text[STOP_BYTES_MAX];
    } texts[];
};

bool stop_open(const char *const *stops, int64_t count, struct stop_texts **out, struct sy_error *err) {
    if (count < 0 || count > STOP_COUNT_MAX)
        return sy_fail(err, SY_ERR_INPUT, "%lld stop texts, but at most %d are taken", (long long)count,
                       STOP_COUNT_MAX);
    if (count > 0 && !stops)
        return sy_fail(err, SY_ERR_INPUT, "%lld stop texts are said to be there, but the list is NULL",
                       (long long)count);
    struct stop_texts *s = malloc(sizeof *s + (size_t)count * sizeof s->texts[0]);
    if (!s) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld stop texts", (long long)count);
    s->count = count;
    s->size_max = 0;
    for (int64_t i = 0; i < count; i++) {
        size_t size = stops[i] ? strnlen(stops[i], STOP_BYTES_MAX + 1) : 0;
        if (size == 0 || size > STOP_BYTES_MAX) {
            free(s);
            return sy_fail(err, SY_ERR_INPUT, "stop text %lld is %s; it must have 1 to %d bytes",
                           (long long)i + 1, size == 0 ? "empty" : "too long", STOP_BYTES_MAX);
        }
        s->texts[i].size = (int64_t)size;
        memcpy(s->texts[i].text, stops[i], size);
        if (s->texts[i].size > s->size_max) s->size_max = s->texts[i].size;
    }
    *out = s;
    return true;
}

void stop_close(struct stop_texts *stops) {
    free(stops);
}

/* The stop text that is complete first, and of those that end together the one that begins first. */
static bool find_complete(const struct stop_texts *stops, const char *text, int64_t size, int64_t from,
                          int64_t *begin) {
    int64_t first_end = INT64_MAX;
    for (int64_t i = 0; i < stops->count; i++) {
        const struct stop_text *stop = &stops->texts[i];
        const char *found = memmem(text + from, (size_t)(size - from), stop->text, (size_t)stop->size);
        if (!found) continue;
        int64_t at = found - text, end = at + stop->size;
        if (end > first_end || (end == first_end && at > *begin)) continue;
        first_end = end;
        *begin = at;
    }
    return first_end != INT64_MAX;
}

/* Could text[at, size) be the beginning of a stop text? */
static bool may_begin(const struct stop_texts *stops, const char *text, int64_t size, int64_t at) {
    size_t rest = (size_t)(size - at);
    for (int64_t i = 0; i < stops->count; i++)
        if (stops->texts[i].size > size - at && memcmp(stops->texts[i].text, text + at, rest) == 0)
            return true;
    return false;
}

bool stop_scan(const struct stop_texts *stops, const char *text, int64_t size, int64_t *sure) {
    if (stops->count == 0 || *sure >= size) {
        *sure = size;
        return false;
    }
    if (find_complete(stops, text, size, *sure, sure)) return true;
    int64_t at = size - stops->size_max + 1;
    if (at < *sure) at = *sure;
    while (at < size && !may_begin(stops, text, size, at)) at++;
    *sure = at;
    return false;
}
