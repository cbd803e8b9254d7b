/*
 * What string methods and text filters share.
 */
#include "template/values/text_tools.h"
#include "template/values/slices.h"

#include <string.h>

bool string_bytes(struct heap *heap, const struct string *text, int64_t from, int64_t to, struct value *out) {
    int64_t points = text->points == text->size ? to - from : -1;
    if (!value_string_of(heap, text->data + from, to - from, points, out)) return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

/* ---- case ---- */

/* Does a cased letter stand next to byte `at`, behind marks that do not count? */
static bool cased_before(const struct string *text, int64_t at) {
    while (at > 0) {
        int64_t bytes;
        at -= point_bytes_before(text->data + at);
        uint32_t point = point_at(text->data + at, &bytes);
        if (!point_is_case_ignorable(point)) return point_is_cased(point);
    }
    return false;
}

static bool cased_behind(const struct string *text, int64_t at) {
    int64_t bytes;
    for (; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        if (!point_is_case_ignorable(point)) return point_is_cased(point);
    }
    return false;
}

#define SIGMA       0x3a3
#define SIGMA_SMALL 0x3c3
#define SIGMA_FINAL 0x3c2

bool text_case_part(struct heap *heap, const struct string *text, int64_t from, int64_t to,
                    enum letter_case wanted, struct buffer *out) {
    int64_t bytes;
    if (!heap_work(heap, (to - from) / 4)) return false;
    for (int64_t at = from; at < to; at += bytes) {
        uint32_t mapped[3], point = point_at(text->data + at, &bytes);
        int count = point_case(point, wanted, mapped);
        if (point == SIGMA && wanted == CASE_LOWER) {
            bool final = cased_before(text, at) && !cased_behind(text, at + bytes);
            mapped[0] = final ? SIGMA_FINAL : SIGMA_SMALL;
            if (!heap_work(heap, text->size / 16)) return false;
        }
        for (int i = 0; i < count; i++)
            if (!buffer_point(heap, out, mapped[i])) return false;
    }
    return true;
}

bool text_case(struct heap *heap, const struct string *text, enum letter_case wanted, struct value *out) {
    struct buffer cased = { 0 };
    if (!text_case_part(heap, text, 0, text->size, wanted, &cased) || !value_buffer(heap, &cased, out))
        return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

bool text_capitalize(struct heap *heap, const struct string *text, struct value *out) {
    struct buffer cased = { 0 };
    int64_t first = text->size > 0 ? point_bytes(text->data) : 0;
    if (!text_case_part(heap, text, 0, first, CASE_TITLE, &cased) ||
        !text_case_part(heap, text, first, text->size, CASE_LOWER, &cased) ||
        !value_buffer(heap, &cased, out))
        return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

/* ---- stripping ---- */

static bool stripped(uint32_t point, const char *at, int64_t bytes, const struct string *chars) {
    if (!chars) return point_is_space(point);
    return bytes_find(chars->data, chars->size, 0, at, bytes) >= 0;
}

bool text_strip(struct heap *heap, const struct string *text, const struct string *chars, int sides,
                struct value *out) {
    int64_t from = 0, to = text->size, bytes;
    int64_t each = chars ? chars->size / 16 + 1 : 1;
    while (sides & STRIP_LEFT && from < to) {
        uint32_t point = point_at(text->data + from, &bytes);
        if (!stripped(point, text->data + from, bytes, chars)) break;
        from += bytes;
        if (!heap_work(heap, each)) return false;
    }
    while (sides & STRIP_RIGHT && to > from) {
        int64_t before = to - point_bytes_before(text->data + to);
        uint32_t point = point_at(text->data + before, &bytes);
        if (!stripped(point, text->data + before, bytes, chars)) break;
        to = before;
        if (!heap_work(heap, each)) return false;
    }
    return string_bytes(heap, text, from, to, out);
}

/* ---- replacing, padding ---- */

/* An empty `from` stands before every character and at the end. */
static bool replace_between(struct heap *heap, const struct string *text, const struct string *to,
                            int64_t count, struct buffer *out) {
    int64_t at = 0, done = 0;
    for (; at < text->size && done != count; done++) {
        int64_t bytes = point_bytes(text->data + at);
        if (!heap_work(heap, 1) || !buffer_add(heap, out, to->data, to->size) ||
            !buffer_add(heap, out, text->data + at, bytes))
            return false;
        at += bytes;
    }
    if (done != count && !buffer_add(heap, out, to->data, to->size)) return false;
    return buffer_add(heap, out, text->data + at, text->size - at);
}

bool text_replace(struct heap *heap, const struct string *text, const struct string *from,
                  const struct string *to, int64_t count, struct value *out) {
    struct buffer replaced = { 0 };
    int64_t at = 0;
    if (count < 0) count = -1;
    if (!heap_copy_work(heap, text->size)) return false;
    if (from->size == 0) {
        if (!replace_between(heap, text, to, count, &replaced)) return false;
        at = text->size;
    }
    for (int64_t done = 0; from->size > 0 && done != count; done++) {
        int64_t found = bytes_find(text->data, text->size, at, from->data, from->size);
        if (found < 0) break;
        if (!heap_work(heap, 1) || !buffer_add(heap, &replaced, text->data + at, found - at) ||
            !buffer_add(heap, &replaced, to->data, to->size))
            return false;
        at = found + from->size;
    }
    if (at == 0) {
        *out = value_of_string(text);
        return true;
    }
    if (!buffer_add(heap, &replaced, text->data + at, text->size - at) || !value_buffer(heap, &replaced, out))
        return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

bool text_pad(struct heap *heap, const struct string *text, int64_t width, const struct string *fill,
              int where, struct value *out) {
    struct buffer padded = { 0 };
    int64_t more = width > text->points ? width - text->points : 0;
    /* str.center puts the odd one to the left where the width is odd too. */
    int64_t left = where == PAD_LEFT ? more : where == PAD_RIGHT ? 0 : more / 2 + (more & width & 1);
    if (!buffer_fill(heap, &padded, fill->data, fill->size, left) ||
        !buffer_add(heap, &padded, text->data, text->size) ||
        !buffer_fill(heap, &padded, fill->data, fill->size, more - left) || !value_buffer(heap, &padded, out))
        return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

/* ---- cutting up ---- */

bool text_lines(struct heap *heap, const struct string *text, bool keep_ends, struct values *out) {
    int64_t bytes, begin = 0;
    if (!heap_work(heap, text->size / 4)) return false;
    for (int64_t at = 0; at < text->size;) {
        uint32_t point = point_at(text->data + at, &bytes);
        if (!point_is_line_break(point)) {
            at += bytes;
            continue;
        }
        bool two = point == '\r' && at + 1 < text->size && text->data[at + 1] == '\n';
        int64_t behind = at + bytes + two;
        struct value line;
        if (!string_bytes(heap, text, begin, keep_ends ? behind : at, &line) || !values_add(heap, out, line))
            return false;
        begin = at = behind;
    }
    struct value rest;
    return begin == text->size ||
           (string_bytes(heap, text, begin, text->size, &rest) && values_add(heap, out, rest));
}

bool text_words(struct heap *heap, const struct string *text, int64_t count, struct values *out) {
    int64_t at = 0, bytes;
    if (!heap_work(heap, text->size / 4)) return false;
    for (;; count -= count > 0) {
        while (at < text->size && point_is_space(point_at(text->data + at, &bytes))) at += bytes;
        if (at >= text->size) return true;
        int64_t begin = at;
        while (at < text->size && !point_is_space(point_at(text->data + at, &bytes))) at += bytes;
        struct value word;
        if (count == 0) /* the rest is one */
            return string_bytes(heap, text, begin, text->size, &word) && values_add(heap, out, word);
        if (!string_bytes(heap, text, begin, at, &word) || !values_add(heap, out, word)) return false;
    }
}

bool fold_case(struct heap *heap, struct value value, bool case_sensitive, struct value *out) {
    *out = value;
    if (case_sensitive || value.type != VALUE_STRING) return true;
    return text_case(heap, value.string, CASE_LOWER, out);
}
