/*
 * textwrap.wrap(line, width, expand_tabs=False, replace_whitespace=False): the line is cut into chunks that
 * may stand at a line's end (words, parts of hyphenated words, runs of white space), and these fill lines one
 * by one.
 *
 * Source of the rules: Python's Lib/textwrap.py (3.11).
 */
#include "template/library/rare/wrap.h"
#include "template/values/unicode.h"

#include <string.h>

struct wrap { /* the line as code points, and where its chunks end */
    struct heap *heap;
    uint32_t *points;
    int64_t count;
    int64_t *offsets; /* bytes before each code point, and behind the last */
    int64_t *ends;
    int64_t chunks;
};

static bool is_blank(uint32_t point) { /* textwrap's own white space: ASCII */
    return (point >= 9 && point <= 13) || point == ' ';
}

static bool is_letter(uint32_t point) {
    return point_is_word(point) && !point_is_decimal(point);
}

static bool is_word_mark(uint32_t point) {
    return point_is_word(point) || (point < 0x80 && point && strchr("!\"'&.,?", (int)point));
}

static uint32_t at(const struct wrap *wrap, int64_t i) {
    return i >= 0 && i < wrap->count ? wrap->points[i] : 0;
}

/* Does an em-dash between words begin here: a mark, two hyphens or more, a letter? Its end, or 0. */
static int64_t dash_end(const struct wrap *wrap, int64_t i) {
    int64_t end = i;
    if (i == 0 || !is_word_mark(at(wrap, i - 1))) return 0;
    while (at(wrap, end) == '-') end++;
    return end - i >= 2 && point_is_word(at(wrap, end)) ? end : 0;
}

/* May the line break behind the hyphen at i? */
static bool breaks_behind(const struct wrap *wrap, int64_t i, int64_t begin) {
    if (at(wrap, i) != '-' || i <= begin) return false;
    bool two = i >= 2 && is_letter(at(wrap, i - 1)) && is_letter(at(wrap, i - 2));
    bool marked =
        i >= 3 && is_word_mark(at(wrap, i - 1)) && at(wrap, i - 2) == '-' && is_letter(at(wrap, i - 3));
    int64_t next = i + 2 < wrap->count && at(wrap, i + 2) == '-' ? i + 3 : i + 2;
    bool follows =
        at(wrap, i + 1) && is_letter(at(wrap, i + 1)) && at(wrap, next) && is_letter(at(wrap, next));
    if (!follows && next == i + 3) follows = false;
    return (two || marked) && follows;
}

/* Where the chunk that begins at i ends. */
static int64_t chunk_end(const struct wrap *wrap, int64_t i, bool hyphens) {
    int64_t end = i;
    if (is_blank(at(wrap, i))) {
        while (end < wrap->count && is_blank(at(wrap, end))) end++;
        return end;
    }
    if (hyphens && (end = dash_end(wrap, i)) > 0) return end;
    for (end = i + 1; end < wrap->count && !is_blank(at(wrap, end)); end++) {
        if (!hyphens) continue;
        if (breaks_behind(wrap, end, i)) return end + 1;
        if (dash_end(wrap, end) > 0) return end;
    }
    return end;
}

static bool open_wrap(struct wrap *wrap, const struct string *line, bool hyphens) {
    wrap->points = heap_array(wrap->heap, line->points + 1, sizeof *wrap->points);
    wrap->offsets = heap_array(wrap->heap, line->points + 1, sizeof *wrap->offsets);
    wrap->ends = heap_array(wrap->heap, line->points + 1, sizeof *wrap->ends);
    if (!wrap->points || !wrap->offsets || !wrap->ends || !heap_work(wrap->heap, line->points * 2))
        return false;
    int64_t bytes, offset = 0;
    for (wrap->count = 0; offset < line->size; offset += bytes, wrap->count++) {
        wrap->offsets[wrap->count] = offset;
        wrap->points[wrap->count] = point_at(line->data + offset, &bytes);
    }
    wrap->offsets[wrap->count] = offset;
    for (int64_t i = 0; i < wrap->count; wrap->chunks++) {
        int64_t end = chunk_end(wrap, i, hyphens);
        if (!heap_work(wrap->heap, 1 + (end - i) / 4)) return false;
        wrap->ends[wrap->chunks] = i = end;
    }
    return true;
}

/* Of the chunk [begin, end), what still fits on the line in `room`. */
static int64_t cut_long(const struct wrap *wrap, int64_t begin, int64_t end, int64_t room, bool hyphens) {
    int64_t cut = begin + room;
    if (!hyphens || end - begin <= room) return cut < end ? cut : end;
    int64_t hyphen = cut - 1;
    while (hyphen > begin && at(wrap, hyphen) != '-') hyphen--;
    bool other = false;
    for (int64_t i = begin; i < hyphen; i++) other |= at(wrap, i) != '-';
    return hyphen > begin && other ? hyphen + 1 : cut;
}

bool wrap_line(struct heap *heap, const struct string *line, const struct wrapping *wrapping,
               const struct string *between, struct buffer *out) {
    struct wrap wrap = { .heap = heap };
    int64_t begin = 0, lines = 0, width = wrapping->width;
    if (width <= 0) return heap_fail(heap, "invalid width %lld (must be > 0)", (long long)width);
    if (!open_wrap(&wrap, line, wrapping->break_on_hyphens)) return false;
    for (int64_t chunk = 0; chunk < wrap.chunks;) {
        if (lines > 0 && is_blank(at(&wrap, begin)) && (begin = wrap.ends[chunk++], chunk == wrap.chunks))
            break;
        int64_t end = begin, last = begin; /* the line so far; where its last chunk begins */
        while (chunk < wrap.chunks && wrap.ends[chunk] - begin <= width) {
            last = end;
            end = wrap.ends[chunk++];
        }
        if (chunk < wrap.chunks && wrap.ends[chunk] - end > width) {
            if (wrapping->break_long_words) {
                last = end;
                end =
                    cut_long(&wrap, end, wrap.ends[chunk], width - (end - begin), wrapping->break_on_hyphens);
            } else if (end == begin) {
                last = end;
                end = wrap.ends[chunk++];
            }
        }
        int64_t shown = end > last && is_blank(at(&wrap, last)) ? last : end;
        if (!heap_work(heap, 1)) return false;
        if (shown > begin) {
            if (lines++ > 0 && !buffer_add(heap, out, between->data, between->size)) return false;
            if (!buffer_add(heap, out, line->data + wrap.offsets[begin],
                            wrap.offsets[shown] - wrap.offsets[begin]))
                return false;
        }
        begin = end;
    }
    return true;
}
