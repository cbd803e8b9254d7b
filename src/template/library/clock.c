/*
 * strftime as Python's datetime does it on Linux: the C library's, but for the parts that a naive time does
 * not have (%z, %Z: nothing) and microseconds (%f), which are 0.
 */
#include "template/library/clock.h"

#include <string.h>
#include <time.h>

#define FORMATTED_MAX 4096 /* of one format: widths may be large */

/* One format, "%d" or "%-10Y", with a NUL behind. */
static bool format_one(struct heap *heap, const struct tm *when, const char *format, struct buffer *out) {
    char text[FORMATTED_MAX];
    size_t size = strlen(format);
    if (strcmp(format, "%f") == 0) return buffer_text(heap, out, "000000");
    if (format[size - 1] == 'z' || format[size - 1] == 'Z') return true;
    if (!strchr("aAbBcCdDeFgGhHIjklmMnpPrRsStTuUVwWxXyY%+", format[size - 1]))
        return buffer_add(heap, out, format, (int64_t)size); /* nothing that is known: as it stands */
    size_t used = strftime(text, sizeof text, format, when);
    if (used == 0 && !strchr("pP", format[size - 1]))
        return heap_limit(heap, "a date of more than %d bytes, the limit", FORMATTED_MAX);
    return buffer_add(heap, out, text, (int64_t)used);
}

bool clock_format(struct heap *heap, struct template_clock clock, const struct string *format,
                  struct value *out) {
    time_t seconds = (time_t)clock.seconds;
    struct buffer result = { 0 };
    struct tm when;
    if (!gmtime_r(&seconds, &when)) return heap_fail(heap, "a time that no calendar has");
    for (int64_t at = 0; at < format->size;) {
        int64_t begin = at;
        while (at < format->size && format->data[at] != '%') at++;
        if (!buffer_add(heap, &result, format->data + begin, at - begin)) return false;
        if (at == format->size) break;
        char one[24];
        int64_t end = at + 1;
        while (end < format->size && end - at < 20 && strchr("_-0^#EO0123456789", format->data[end]) &&
               format->data[end])
            end++;
        if (end < format->size) end++;
        memcpy(one, format->data + at, (size_t)(end - at));
        one[end - at] = 0;
        if (!heap_work(heap, 16) || !format_one(heap, &when, one, &result)) return false;
        at = end;
    }
    return value_buffer(heap, &result, out);
}
