/*
 * Unicode's normal forms, through utf8proc's tables (Unicode 15.0), without what came after 9.0.
 *
 * Text is cut where nothing reaches across: before a character of combining class 0 that is its own form and
 * joins no character before it. What lies between two such is nearly always that one character, and is
 * copied; the rest goes the long way: decompose, order marks by class (stably, by counting, for utf8proc's
 * own sort takes the square of a run of marks), compose.
 */
#include "text/normalize/unicode_form.h"
#include "text/normalize/unicode_newer.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum { POINTS_HERE = 128, EXPANSION_MAX = 18, SHORT_RUN = 24, CLASSES = 256 };

void utf8_add(struct text *out, uint32_t point) {
    utf8proc_uint8_t bytes[4];
    text_add_bytes(out, bytes, (size_t)utf8proc_encode_char((utf8proc_int32_t)point, bytes));
}

static bool is_within(const struct unicode_range *ranges, size_t count, uint32_t point) {
    size_t low = 0, high = count;
    if (point < ranges[0].low) return false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (ranges[middle].high < point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && ranges[low].low <= point;
}

bool unicode_is_newer(uint32_t point) {
    return is_within(unicode_newer, sizeof unicode_newer / sizeof *unicode_newer, point);
}

bool unicode_is_of_9(uint32_t point) {
    return is_within(unicode_of_9, sizeof unicode_of_9 / sizeof *unicode_of_9, point);
}

/* Is this character its own form, and does nothing before it matter to it? */
static bool is_settled(enum unicode_form form, uint32_t point) {
    if (point < 0x80) return true;
    bool compatible = form == FORM_NFKC || form == FORM_NFKD,
         composed = form == FORM_NFC || form == FORM_NFKC;
    if (form == FORM_NFC && point < 0x300) return true;
    if (point >= 0xac00 && point < 0xd7a4) return composed; /* Hangul syllables are computed, not looked up */
    const utf8proc_property_t *property = utf8proc_get_property((utf8proc_int32_t)point);
    bool decomposes = property->decomp_seqindex != UINT16_MAX && (compatible || property->decomp_type == 0);
    if (property->combining_class != 0 || decomposes) return unicode_is_newer(point);
    if (!composed) return true;
    if (point >= 0x1160 && point < 0x1200) return false; /* vowels and finals of Hangul join what is before */
    return property->comb_index == UINT16_MAX || property->comb_index < 0x8000 || unicode_is_newer(point);
}

/* ---- the long way ---- */

struct points {
    utf8proc_int32_t here[POINTS_HERE], *data;
    int64_t count, room;
};

static bool points_reserve(struct points *points, int64_t more, struct sy_error *err) {
    if (points->count + more <= points->room) return true;
    int64_t room = points->room * 2 + more;
    utf8proc_int32_t *larger = malloc((size_t)room * sizeof *larger);
    if (!larger)
        return sy_fail(err, SY_ERR_MEMORY, "no memory to normalise %lld characters", (long long)room);
    memcpy(larger, points->data, (size_t)points->count * sizeof *larger);
    if (points->data != points->here) free(points->data);
    points->data = larger;
    points->room = room;
    return true;
}

static int class_of(utf8proc_int32_t point) {
    return utf8proc_get_property(point)->combining_class & 0xff;
}

/* Marks at[0..count) by class, those of one class in the order in which they came. */
static bool sort_marks(utf8proc_int32_t *at, int64_t count, struct sy_error *err) {
    if (count <= SHORT_RUN) {
        for (int64_t i = 1; i < count; i++) {
            utf8proc_int32_t point = at[i];
            int64_t k = i;
            for (; k > 0 && class_of(at[k - 1]) > class_of(point); k--) at[k] = at[k - 1];
            at[k] = point;
        }
        return true;
    }
    int64_t begin[CLASSES + 1] = { 0 };
    utf8proc_int32_t *copy = malloc((size_t)count * sizeof *copy);
    if (!copy) return sy_fail(err, SY_ERR_MEMORY, "no memory to order %lld marks", (long long)count);
    memcpy(copy, at, (size_t)count * sizeof *copy);
    for (int64_t i = 0; i < count; i++) begin[class_of(copy[i]) + 1]++;
    for (int i = 0; i < CLASSES; i++) begin[i + 1] += begin[i];
    for (int64_t i = 0; i < count; i++) at[begin[class_of(copy[i])]++] = copy[i];
    free(copy);
    return true;
}

static bool order_marks(struct points *points, struct sy_error *err) {
    for (int64_t at = 0; at < points->count;) {
        int64_t end = at;
        while (end < points->count && class_of(points->data[end]) != 0) end++;
        if (end - at > 1 && !sort_marks(points->data + at, end - at, err)) return false;
        at = end + 1;
    }
    return true;
}

static bool long_way(enum unicode_form form, const char *text, int64_t size, struct text *out,
                     struct sy_error *err) {
    bool compatible = form == FORM_NFKC || form == FORM_NFKD,
         composed = form == FORM_NFC || form == FORM_NFKC;
    utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    struct points points = { .room = POINTS_HERE };
    bool ok = true;
    int last_class = 0;
    points.data = points.here;
    for (int64_t at = 0; at < size && ok;) {
        uint32_t point = text_next(text, size, &at);
        ok = points_reserve(&points, EXPANSION_MAX, err);
        if (!ok) break;
        utf8proc_ssize_t count = utf8proc_decompose_char((utf8proc_int32_t)point, points.data + points.count,
                                                         EXPANSION_MAX, options, &last_class);
        if (count < 0 || count > EXPANSION_MAX)
            ok = sy_fail(err, SY_ERR_INTERNAL, "U+%04X: %s", (unsigned)point, utf8proc_errmsg(count));
        else
            points.count += count;
    }
    ok = ok && order_marks(&points, err);
    if (ok && composed)
        points.count =
            utf8proc_normalize_utf32(points.data, points.count, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    for (int64_t i = 0; i < points.count && ok; i++) utf8_add(out, (uint32_t)points.data[i]);
    if (points.data != points.here) free(points.data);
    return ok;
}

bool unicode_form_add(enum unicode_form form, const char *text, int64_t size, struct text *out,
                      struct sy_error *err) {
    int64_t kept = 0;  /* text up to here is written */
    int64_t front = 0; /* of the character before `at`, which what follows may change */
    for (int64_t at = 0; at < size;) {
        int64_t here = at;
        uint32_t point = text_next(text, size, &at);
        if (is_settled(form, point)) {
            front = unicode_is_newer(point) ? at : here;
            continue;
        }
        text_add_bytes(out, text + kept, (size_t)(front - kept)); /* the settled one before may be changed */
        for (int64_t next = at; at < size; at = next) {
            if (is_settled(form, text_next(text, size, &next))) break;
        }
        if (!long_way(form, text + front, at - front, out, err)) return false;
        kept = front = at;
    }
    text_add_bytes(out, text + kept, (size_t)(size - kept));
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes of text", (long long)size);
}
