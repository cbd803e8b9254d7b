/*
 * Methods of str: case, stripping, searching, replacing, padding, format.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/iterate.h"
#include "template/library/rare/format.h"
#include "template/library/tables.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"

#include <string.h>

#define METHOD(name)                                                                                         \
    static bool name(struct run *run, struct value self, const struct arguments *arguments, struct value *out)

static const struct string space = { .data = " ", .size = 1, .points = 1 };

/* ---- case ---- */

static bool change_case(struct run *run, struct value self, const struct arguments *arguments,
                        const char *name, enum letter_case wanted, struct value *out) {
    return arguments_bind(run, arguments, name, NULL) && text_case(&run->heap, self.string, wanted, out);
}

METHOD(string_upper) {
    return change_case(run, self, arguments, "upper", CASE_UPPER, out);
}

METHOD(string_lower) {
    return change_case(run, self, arguments, "lower", CASE_LOWER, out);
}

METHOD(string_casefold) {
    return change_case(run, self, arguments, "casefold", CASE_FOLD, out);
}

METHOD(string_capitalize) {
    return arguments_bind(run, arguments, "capitalize", NULL) &&
           text_capitalize(&run->heap, self.string, out);
}

/* Each letter in the case that `next` picks; title looks at the letter before. */
static bool letter_by_letter(struct run *run, const struct string *text, bool title, struct value *out) {
    struct buffer cased = { 0 };
    bool cased_before = false;
    int64_t bytes;
    for (int64_t at = 0; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        enum letter_case wanted = title                   ? (cased_before ? CASE_LOWER : CASE_TITLE)
                                  : point_is_upper(point) ? CASE_LOWER
                                                          : CASE_UPPER;
        bool keep = !title && !point_is_upper(point) && !point_is_lower(point);
        if (keep ? !buffer_add(&run->heap, &cased, text->data + at, bytes)
                 : !text_case_part(&run->heap, text, at, at + bytes, wanted, &cased))
            return false;
        cased_before = point_is_cased(point);
    }
    return heap_work(&run->heap, text->size / 4) && value_buffer(&run->heap, &cased, out);
}

METHOD(string_title) {
    return arguments_bind(run, arguments, "title", NULL) && letter_by_letter(run, self.string, true, out);
}

METHOD(string_swapcase) {
    return arguments_bind(run, arguments, "swapcase", NULL) && letter_by_letter(run, self.string, false, out);
}

/* ---- stripping ---- */

static bool strip(struct run *run, struct value self, const struct arguments *arguments, int sides,
                  struct value *out) {
    struct value chars;
    if (!arguments_bind(run, arguments, "strip [chars]", &chars)) return false;
    bool none = chars.type == VALUE_NONE || chars.type == VALUE_MISSING;
    if (!none && chars.type != VALUE_STRING) return heap_fail(&run->heap, "strip arg must be None or str");
    return text_strip(&run->heap, self.string, none ? NULL : chars.string, sides, out);
}

METHOD(string_strip) {
    return strip(run, self, arguments, STRIP_BOTH, out);
}

METHOD(string_lstrip) {
    return strip(run, self, arguments, STRIP_LEFT, out);
}

METHOD(string_rstrip) {
    return strip(run, self, arguments, STRIP_RIGHT, out);
}

static bool remove_end(struct run *run, struct value self, const struct arguments *arguments, bool front,
                       struct value *out) {
    const struct string *text = self.string, *end;
    struct value value;
    if (!arguments_bind(run, arguments, front ? "removeprefix prefix" : "removesuffix suffix", &value) ||
        !argument_string(run, value, front ? "removeprefix() argument" : "removesuffix() argument", &end))
        return false;
    int64_t at = front ? 0 : text->size - end->size;
    *out = self;
    if (at < 0 || end->size > text->size || memcmp(text->data + at, end->data, (size_t)end->size) != 0)
        return true;
    return string_bytes(&run->heap, text, front ? end->size : 0, front ? text->size : at, out);
}

METHOD(string_removeprefix) {
    return remove_end(run, self, arguments, true, out);
}

METHOD(string_removesuffix) {
    return remove_end(run, self, arguments, false, out);
}

/* ---- searching ---- */

/* Of `needle` in bytes [from, to) of the text; not `valid` where they lie the wrong way round. */
struct search {
    const struct string *text;
    struct value needle;
    int64_t from, to;
    bool valid;
};

static bool open_search(struct run *run, struct value self, const struct arguments *arguments,
                        const char *signature, struct search *search) {
    struct value values[3];
    const struct string *text = self.string;
    int64_t start, end;
    if (!arguments_bind(run, arguments, signature, values) ||
        !slice_end(&run->heap, values[1], text->points, 0, 0, INT64_MAX, &start) ||
        !slice_end(&run->heap, values[2], text->points, text->points, 0, text->points, &end))
        return false;
    *search = (struct search){ .text = text, .needle = values[0], .valid = start <= end };
    if (!search->valid) return true;
    search->from = string_offset(text, start);
    search->to = string_offset(text, end);
    return heap_copy_work(&run->heap, text->size);
}

static int64_t points_before(const struct string *text, int64_t bytes) {
    return text->points == text->size ? bytes : points_count(text->data, bytes);
}

/* Code points before the first (or last) place; -1: none. */
static bool search_place(struct run *run, struct value self, const struct arguments *arguments,
                         const char *name, bool last, int64_t *place) {
    struct search search;
    const struct string *needle;
    if (!open_search(run, self, arguments, name, &search) ||
        !argument_string(run, search.needle, "must be str: the argument", &needle))
        return false;
    *place = -1;
    if (!search.valid) return true;
    int64_t found = last ? bytes_find_last(search.text->data + search.from, search.to - search.from,
                                           needle->data, needle->size)
                         : bytes_find(search.text->data, search.to, search.from, needle->data, needle->size);
    if (last && !heap_work(&run->heap, (search.to - search.from) / 4)) return false;
    if (last && found >= 0) found += search.from;
    if (found >= 0) *place = points_before(search.text, found);
    return true;
}

METHOD(string_find) {
    int64_t place;
    if (!search_place(run, self, arguments, "find sub [start end]", false, &place)) return false;
    *out = value_int(place);
    return true;
}

METHOD(string_rfind) {
    int64_t place;
    if (!search_place(run, self, arguments, "rfind sub [start end]", true, &place)) return false;
    *out = value_int(place);
    return true;
}

METHOD(string_index) {
    return string_find(run, self, arguments, out) &&
           (out->integer >= 0 || heap_fail(&run->heap, "substring not found"));
}

METHOD(string_rindex) {
    return string_rfind(run, self, arguments, out) &&
           (out->integer >= 0 || heap_fail(&run->heap, "substring not found"));
}

METHOD(string_count) {
    struct search search;
    const struct string *needle;
    int64_t count = 0;
    if (!open_search(run, self, arguments, "count sub [start end]", &search) ||
        !argument_string(run, search.needle, "the argument", &needle))
        return false;
    *out = value_int(0);
    if (!search.valid) return true;
    if (needle->size == 0) {
        count = points_count(search.text->data + search.from, search.to - search.from) + 1;
    } else {
        for (int64_t at = search.from; at >= 0; count += at >= 0) {
            at = bytes_find(search.text->data, search.to, at, needle->data, needle->size);
            if (at >= 0) at += needle->size;
        }
    }
    *out = value_int(count);
    return true;
}

static bool has_end(const struct search *search, const struct string *end, bool front) {
    int64_t room = search->to - search->from;
    if (!search->valid || end->size > room) return false;
    const char *at = search->text->data + (front ? search->from : search->to - end->size);
    return end->size == 0 || memcmp(at, end->data, (size_t)end->size) == 0;
}

static bool test_end(struct run *run, struct value self, const struct arguments *arguments, bool front,
                     struct value *out) {
    const char *name = front ? "startswith" : "endswith";
    struct search search;
    if (!open_search(run, self, arguments,
                     front ? "startswith prefix [start end]" : "endswith suffix [start end]", &search))
        return false;
    bool tuple = search.needle.type == VALUE_TUPLE, holds = false;
    int64_t count = tuple ? search.needle.list->count : 1;
    for (int64_t i = 0; i < count && !holds; i++) {
        struct value end = tuple ? search.needle.list->items[i] : search.needle;
        if (end.type != VALUE_STRING)
            return heap_fail(&run->heap, "%s first arg must be str or a tuple of str, not %s", name,
                             value_type_name(end));
        holds = has_end(&search, end.string, front);
    }
    *out = value_bool(holds);
    return true;
}

METHOD(string_startswith) {
    return test_end(run, self, arguments, true, out);
}

METHOD(string_endswith) {
    return test_end(run, self, arguments, false, out);
}

/* ---- replacing, padding ---- */

METHOD(string_replace) {
    struct value values[3];
    const struct string *from, *to;
    int64_t count;
    if (arguments->named_count > 0) return heap_fail(&run->heap, "str.replace() takes no keyword arguments");
    return arguments_bind(run, arguments, "replace old new [count]", values) &&
           argument_string(run, values[0], "replace() argument 1", &from) &&
           argument_string(run, values[1], "replace() argument 2", &to) &&
           argument_integer(run, values[2], -1, &count) &&
           text_replace(&run->heap, self.string, from, to, count, out);
}

static bool pad(struct run *run, struct value self, const struct arguments *arguments, int where,
                struct value *out) {
    struct value values[2];
    const struct string *fill;
    int64_t width;
    if (!arguments_bind(run, arguments, "pad width [fillchar]", values) ||
        !value_index(&run->heap, values[0], &width) ||
        !argument_string(run, value_or(values[1], value_of_string(&space)), "the fill character", &fill))
        return false;
    if (fill->points != 1)
        return heap_fail(&run->heap, "The fill character must be exactly one character long");
    return text_pad(&run->heap, self.string, width, fill, where, out);
}

METHOD(string_center) {
    return pad(run, self, arguments, PAD_BOTH, out);
}

METHOD(string_ljust) {
    return pad(run, self, arguments, PAD_RIGHT, out);
}

METHOD(string_rjust) {
    return pad(run, self, arguments, PAD_LEFT, out);
}

METHOD(string_zfill) {
    const struct string *text = self.string;
    struct value width_value;
    struct buffer filled = { 0 };
    int64_t width;
    if (!arguments_bind(run, arguments, "zfill width", &width_value) ||
        !value_index(&run->heap, width_value, &width))
        return false;
    bool sign = text->size > 0 && (text->data[0] == '-' || text->data[0] == '+');
    return buffer_add(&run->heap, &filled, text->data, sign) &&
           buffer_fill(&run->heap, &filled, "0", 1, width > text->points ? width - text->points : 0) &&
           buffer_add(&run->heap, &filled, text->data + sign, text->size - sign) &&
           value_buffer(&run->heap, &filled, out);
}

METHOD(string_expandtabs) {
    const struct string *text = self.string;
    struct value size_value;
    struct buffer expanded = { 0 };
    int64_t size, column = 0, bytes;
    if (!arguments_bind(run, arguments, "expandtabs [tabsize]", &size_value) ||
        !argument_integer(run, size_value, 8, &size) || !heap_work(&run->heap, text->size / 4))
        return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        bytes = point_bytes(text->data + at);
        bool tab = text->data[at] == '\t', line = text->data[at] == '\n' || text->data[at] == '\r';
        int64_t blanks = tab && size > 0 ? size - column % size : 0;
        if (tab ? !buffer_fill(&run->heap, &expanded, " ", 1, blanks)
                : !buffer_add(&run->heap, &expanded, text->data + at, bytes))
            return false;
        column = line ? 0 : column + (tab ? blanks : 1);
    }
    return value_buffer(&run->heap, &expanded, out);
}

/* ---- the rest ---- */

METHOD(string_join_items) {
    struct value items;
    struct iterator *iterator;
    struct buffer joined = { 0 };
    if (!arguments_bind(run, arguments, "join iterable", &items)) return false;
    if (!value_is_iterable(items)) return heap_fail(&run->heap, "can only join an iterable");
    if (!iterate(run, items, &iterator)) return false;
    for (int64_t i = 0;; i++) {
        struct value item;
        bool more;
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (!more) return value_buffer(&run->heap, &joined, out);
        if (item.type != VALUE_STRING)
            return heap_fail(&run->heap, "sequence item %lld: expected str instance, %s found", (long long)i,
                             value_type_name(item));
        if (i > 0 && !buffer_add(&run->heap, &joined, self.string->data, self.string->size)) return false;
        if (!buffer_add(&run->heap, &joined, item.string->data, item.string->size)) return false;
    }
}

METHOD(string_format) {
    return format_string(run, self.string, arguments, out);
}

METHOD(string_format_map) {
    struct value mapping;
    if (!arguments_bind(run, arguments, "format_map mapping", &mapping)) return false;
    return format_string_map(run, self.string, mapping, out);
}

METHOD(string_unsupported) {
    (void)self, (void)arguments, (void)out;
    return heap_fail(&run->heap, "bytes and translation tables are not known to templates here");
}

const struct method methods_string[] = {
    { "upper", string_upper },
    { "lower", string_lower },
    { "casefold", string_casefold },
    { "capitalize", string_capitalize },
    { "title", string_title },
    { "swapcase", string_swapcase },
    { "strip", string_strip },
    { "lstrip", string_lstrip },
    { "rstrip", string_rstrip },
    { "removeprefix", string_removeprefix },
    { "removesuffix", string_removesuffix },
    { "find", string_find },
    { "rfind", string_rfind },
    { "index", string_index },
    { "rindex", string_rindex },
    { "count", string_count },
    { "startswith", string_startswith },
    { "endswith", string_endswith },
    { "replace", string_replace },
    { "center", string_center },
    { "ljust", string_ljust },
    { "rjust", string_rjust },
    { "zfill", string_zfill },
    { "expandtabs", string_expandtabs },
    { "join", string_join_items },
    { "format", string_format },
    { "format_map", string_format_map },
    { "encode", string_unsupported },
    { "translate", string_unsupported },
    { "maketrans", string_unsupported },
    { NULL, NULL },
};
