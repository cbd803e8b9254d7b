/*
 * Parts of sequences: indices, slices, searching. Strings are counted in code points; in ASCII text, where
 * there are as many as bytes, a place is found at once.
 */
#include "template/values/slices.h"
#include "template/values/big.h"
#include "template/values/undefined.h"
#include "template/values/unicode.h"

#include <string.h>

int64_t string_offset(const struct string *string, int64_t points) {
    if (string->points == string->size) return points;
    int64_t at = 0;
    if (points > string->points / 2) { /* nearer to the end */
        at = string->size;
        for (int64_t i = string->points; i > points; i--) at -= point_bytes_before(string->data + at);
        return at;
    }
    for (int64_t i = 0; i < points; i++) at += point_bytes(string->data + at);
    return at;
}

bool string_part(struct heap *heap, const struct string *string, int64_t from, int64_t to,
                 struct value *out) {
    if (string->points != string->size && !heap_work(heap, string->points / 8)) return false;
    int64_t begin = string_offset(string, from),
            end = to == string->points ? string->size : string_offset(string, to);
    if (!value_string_of(heap, string->data + begin, end - begin, to - from, out)) return false;
    return !string->markup || value_markup(heap, *out, true, out);
}

bool value_index(struct heap *heap, struct value value, int64_t *out) {
    if (!value_is_integer(value)) {
        if (value.type == VALUE_UNDEFINED) return undefined_fail(heap, value);
        return heap_fail(heap, "'%s' object cannot be interpreted as an integer", value_type_name(value));
    }
    *out = integer_clamped(value);
    return true;
}

bool slice_end(struct heap *heap, struct value value, int64_t count, int64_t none, int64_t low, int64_t high,
               int64_t *out) {
    *out = none;
    if (value.type == VALUE_NONE || value.type == VALUE_MISSING) return true;
    if (!value_is_integer(value))
        return heap_fail(heap, "slice indices must be integers or None or have an __index__ method");
    int64_t at = integer_clamped(value);
    if (at < 0) at = at < -count ? low : at + count;
    *out = at < low ? low : at > high ? high : at;
    return true;
}

struct span { /* count elements from `start`, `step` apart */
    int64_t start, step, count;
};

static bool resolve_slice(struct heap *heap, const struct slice *slice, int64_t count, struct span *span) {
    int64_t stop;
    span->step = 1;
    if (slice->step.type != VALUE_NONE) {
        if (!value_is_integer(slice->step))
            return heap_fail(heap, "slice indices must be integers or None or have an __index__ method");
        span->step = integer_clamped(slice->step);
        if (span->step == INT64_MIN) span->step++;
        if (span->step == 0) return heap_fail(heap, "slice step cannot be zero");
    }
    bool down = span->step < 0;
    int64_t low = down ? -1 : 0, high = down ? count - 1 : count;
    if (!slice_end(heap, slice->start, count, down ? high : low, low, high, &span->start)) return false;
    if (!slice_end(heap, slice->stop, count, down ? low : high, low, high, &stop)) return false;
    int64_t distance = down ? span->start - stop : stop - span->start, step = down ? -span->step : span->step;
    span->count = distance <= 0 ? 0 : (distance - 1) / step + 1;
    return true;
}

static bool slice_string(struct heap *heap, const struct string *string, struct span span,
                         struct value *out) {
    struct buffer part = { 0 };
    if (span.count <= 0) return string_part(heap, string, 0, 0, out);
    if (span.step == 1) return string_part(heap, string, span.start, span.start + span.count, out);
    int64_t at = string_offset(string, span.start);
    for (int64_t i = 0; i < span.count; i++) {
        if (!heap_work(heap, 1) ||
            !buffer_add(heap, &part, string->data + at, point_bytes(string->data + at)))
            return false;
        if (i + 1 == span.count) break;
        for (int64_t j = 0; j < span.step; j++) at += point_bytes(string->data + at);
        for (int64_t j = 0; j > span.step; j--) at -= point_bytes_before(string->data + at);
    }
    if (!value_string_of(heap, part.data, part.size, span.count, out)) return false;
    return !string->markup || value_markup(heap, *out, true, out);
}

static bool slice_list(struct heap *heap, struct value of, struct span span, struct value *out) {
    struct value *items = heap_array(heap, span.count, sizeof *items);
    if (!items || !heap_work(heap, span.count)) return false;
    for (int64_t i = 0; i < span.count; i++) items[i] = of.list->items[span.start + i * span.step];
    return value_list(heap, of.type, items, span.count, out);
}

static bool slice_range(struct heap *heap, const struct range *range, struct span span, struct value *out) {
    int64_t step, start, stop;
    if (__builtin_mul_overflow(range->step, span.step, &step) ||
        __builtin_mul_overflow(range->step, span.start, &start) ||
        __builtin_add_overflow(range->start, start, &start) ||
        __builtin_mul_overflow(step, span.count, &stop) || __builtin_add_overflow(start, stop, &stop))
        return heap_limit(heap, "a range beyond 64 bits");
    return value_range(heap, start, stop, step, out);
}

bool value_slice(struct heap *heap, struct value of, const struct slice *slice, struct value *out) {
    struct span span;
    switch (of.type) {
    case VALUE_STRING:
        return resolve_slice(heap, slice, of.string->points, &span) &&
               slice_string(heap, of.string, span, out);
    case VALUE_LIST:
    case VALUE_TUPLE:
        return resolve_slice(heap, slice, of.list->count, &span) && slice_list(heap, of, span, out);
    case VALUE_RANGE:
        return resolve_slice(heap, slice, of.range->count, &span) && slice_range(heap, of.range, span, out);
    case VALUE_UNDEFINED: return undefined_fail(heap, of);
    case VALUE_DICT: return heap_fail(heap, "unhashable type: 'slice'");
    default: return heap_fail(heap, "'%s' object is not subscriptable", value_type_name(of));
    }
}

#define NEEDLE_SHORT 16

/* Short ones by their first byte, for most are a character or two; long ones by memmem, which is linear. */
int64_t bytes_find(const char *text, int64_t size, int64_t from, const char *needle, int64_t needle_size) {
    if (needle_size == 0) return from <= size ? from : -1;
    const char *found = NULL, *at = text + from;
    if (needle_size > NEEDLE_SHORT && size - from >= needle_size)
        found = memmem(at, (size_t)(size - from), needle, (size_t)needle_size);
    for (; needle_size <= NEEDLE_SHORT && text + size - at >= needle_size; at++) {
        at = memchr(at, needle[0], (size_t)(text + size - at - needle_size + 1));
        if (!at) break;
        if (memcmp(at, needle, (size_t)needle_size) != 0) continue;
        found = at;
        break;
    }
    return found ? found - text : -1;
}

int64_t bytes_find_last(const char *text, int64_t size, const char *needle, int64_t needle_size) {
    if (needle_size == 0) return size;
    for (int64_t at = size - needle_size; at >= 0; at--)
        if (text[at] == needle[0] && memcmp(text + at, needle, (size_t)needle_size) == 0) return at;
    return -1;
}
