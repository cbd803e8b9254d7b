/*
 * Filters of HTML: escape, forceescape, safe, xmlattr, striptags.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/tables.h"
#include "template/values/markup.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <string.h>

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

FILTER(filter_escape) {
    return arguments_bind(run, arguments, "escape", NULL) && markup_escape(&run->heap, subject, out);
}

FILTER(filter_forceescape) {
    struct value text;
    return arguments_bind(run, arguments, "forceescape", NULL) &&
           value_to_string(&run->heap, subject, &text) && value_markup(&run->heap, text, false, &text) &&
           markup_escape(&run->heap, text, out);
}

FILTER(filter_safe) {
    struct value text;
    return arguments_bind(run, arguments, "safe", NULL) && value_to_string(&run->heap, subject, &text) &&
           value_markup(&run->heap, text, true, out);
}

/* ---- xmlattr ---- */

static bool add_escaped(struct heap *heap, struct value value, struct buffer *out) {
    struct value escaped;
    return markup_escape(heap, value, &escaped) &&
           buffer_add(heap, out, escaped.string->data, escaped.string->size);
}

static bool add_attribute(struct heap *heap, struct value key, struct value value, struct buffer *out) {
    if (value.type == VALUE_NONE || value.type == VALUE_UNDEFINED) return true;
    if (key.type != VALUE_STRING)
        return heap_fail(heap, "expected string or bytes-like object, got '%s'", value_type_name(key));
    for (int64_t i = 0; i < key.string->size; i++)
        if (memchr(" \t\n\r\f\v/>=", key.string->data[i], 9))
            return heap_fail(heap, "Invalid character in attribute name: %s", value_quoted(heap, key));
    return (out->size == 0 || buffer_text(heap, out, " ")) && add_escaped(heap, key, out) &&
           buffer_text(heap, out, "=\"") && add_escaped(heap, value, out) && buffer_text(heap, out, "\"");
}

FILTER(filter_xmlattr) {
    struct heap *heap = &run->heap;
    struct buffer all = { 0 }, spaced = { 0 };
    struct value autospace;
    if (!arguments_bind(run, arguments, "xmlattr [autospace]", &autospace)) return false;
    if (subject.type == VALUE_UNDEFINED) return undefined_fail(heap, subject);
    if (subject.type != VALUE_DICT)
        return heap_fail(heap, "'%s' object has no attribute 'items'", value_type_name(subject));
    for (int64_t i = 0; i < subject.dict->count; i++)
        if (!add_attribute(heap, subject.dict->entries[i].key, subject.dict->entries[i].value, &all))
            return false;
    bool space = all.size > 0 && value_truth(value_or(autospace, value_bool(true)));
    return (!space || buffer_text(heap, &spaced, " ")) && buffer_add(heap, &spaced, all.data, all.size) &&
           value_buffer(heap, &spaced, out) && value_markup(heap, *out, run->autoescape, out);
}

/* ---- striptags ---- */

/* What &name; stands for; the few names that occur, where Python knows two thousand. */
static const struct {
    const char *name;
    uint32_t point;
} entities[] = {
    { "amp", '&' },      { "lt", '<' },       { "gt", '>' },       { "quot", '"' },      { "apos", '\'' },
    { "nbsp", 0xa0 },    { "copy", 0xa9 },    { "reg", 0xae },     { "laquo", 0xab },    { "raquo", 0xbb },
    { "deg", 0xb0 },     { "middot", 0xb7 },  { "times", 0xd7 },   { "divide", 0xf7 },   { "eacute", 0xe9 },
    { "egrave", 0xe8 },  { "agrave", 0xe0 },  { "auml", 0xe4 },    { "ouml", 0xf6 },     { "uuml", 0xfc },
    { "szlig", 0xdf },   { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "lsquo", 0x2018 },  { "rsquo", 0x2019 },
    { "ldquo", 0x201c }, { "rdquo", 0x201d }, { "bull", 0x2022 },  { "hellip", 0x2026 }, { "trade", 0x2122 },
    { "euro", 0x20ac },  { "larr", 0x2190 },  { "rarr", 0x2192 },
};

/* &#65; &#x41; &amp; at `at`: the character and how many bytes; 0 where it is none. */
static int64_t entity(const char *at, const char *end, uint32_t *point) {
    const char *stop = memchr(at, ';', (size_t)(end - at < 12 ? end - at : 12));
    if (!stop || stop - at < 3) return 0;
    if (at[1] == '#') {
        int base = at[2] == 'x' || at[2] == 'X' ? 16 : 10;
        uint64_t value = 0;
        const char *digit = at + (base == 16 ? 3 : 2);
        if (digit == stop) return 0;
        for (; digit < stop; digit++) {
            char low = (char)(*digit | 0x20);
            int number = *digit >= '0' && *digit <= '9' ? *digit - '0'
                         : low >= 'a' && low <= 'f'     ? low - 'a' + 10
                                                        : 99;
            if (number >= base) return 0;
            value = value * (uint64_t)base + (uint64_t)number;
        }
        if (value == 0 || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) value = 0xfffd;
        *point = (uint32_t)value;
        return stop + 1 - at;
    }
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++) {
        size_t size = strlen(entities[i].name);
        if ((size_t)(stop - at) - 1 != size || memcmp(at + 1, entities[i].name, size) != 0) continue;
        *point = entities[i].point;
        return stop + 1 - at;
    }
    return 0;
}

static bool unescape(struct heap *heap, const struct string *text, struct buffer *out) {
    const char *at = text->data, *end = at + text->size;
    while (at < end) {
        const char *plain = at;
        while (at < end && *at != '&') at++;
        if (!buffer_add(heap, out, plain, at - plain)) return false;
        if (at == end) break;
        uint32_t point;
        int64_t size = entity(at, end, &point);
        if (!heap_work(heap, 1) || !(size ? buffer_point(heap, out, point) : buffer_add(heap, out, at, 1)))
            return false;
        at += size ? size : 1;
    }
    return true;
}

/* Without <...> and <!-- ... -->; what is never closed stays. */
static bool cut_tags(struct heap *heap, const struct string *text, struct buffer *out) {
    int64_t at = 0, open;
    while ((open = bytes_find(text->data, text->size, at, "<", 1)) >= 0) {
        bool comment = text->size - open >= 4 && memcmp(text->data + open, "<!--", 4) == 0;
        int64_t end = comment ? bytes_find(text->data, text->size, open + 4, "-->", 3)
                              : bytes_find(text->data, text->size, open, ">", 1);
        if (end < 0) break;
        if (!heap_work(heap, 1) || !buffer_add(heap, out, text->data + at, open - at)) return false;
        at = end + (comment ? 3 : 1);
    }
    return buffer_add(heap, out, text->data + at, text->size - at);
}

FILTER(filter_striptags) {
    struct heap *heap = &run->heap;
    struct buffer plain = { 0 }, spaced = { 0 }, result = { 0 };
    struct values words = { 0 };
    struct value text;
    if (!arguments_bind(run, arguments, "striptags", NULL) || !value_to_string(heap, subject, &text) ||
        !cut_tags(heap, text.string, &plain) || !value_buffer(heap, &plain, &text) ||
        !text_words(heap, text.string, -1, &words))
        return false;
    for (int64_t i = 0; i < words.count; i++)
        if ((i > 0 && !buffer_text(heap, &spaced, " ")) || !value_print(heap, words.items[i], &spaced))
            return false;
    return value_buffer(heap, &spaced, &text) && unescape(heap, text.string, &result) &&
           value_buffer(heap, &result, out);
}

const struct filter filters_markup[] = {
    { "e", filter_escape },  { "escape", filter_escape },   { "forceescape", filter_forceescape },
    { "safe", filter_safe }, { "xmlattr", filter_xmlattr }, { "striptags", filter_striptags },
    { NULL, NULL },
};
