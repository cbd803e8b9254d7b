/*
 * Filters of addresses: urlencode, urlize.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/iterate.h"
#include "template/library/rare/rare_tables.h"
#include "template/library/rare/urlize.h"
#include "template/values/markup.h"
#include "template/values/sort.h"
#include "template/values/text_tools.h"
#include "template/values/value_text.h"

#include <string.h>

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

/* Percent signs for all but letters, digits, _.-~ and, in a path, /; in a query a space is a plus. */
static bool quote(struct heap *heap, struct value value, bool query, struct buffer *out) {
    static const char hex[] = "0123456789ABCDEF";
    struct value text;
    if (!value_to_string(heap, value, &text) || !heap_work(heap, text.string->size)) return false;
    for (int64_t i = 0; i < text.string->size; i++) {
        unsigned char byte = (unsigned char)text.string->data[i];
        bool plain = (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        plain |= byte && strchr("_.-~", byte) != NULL;
        char coded[3] = { '%', hex[byte >> 4], hex[byte & 15] };
        bool done = plain || (byte == '/' && !query) ? buffer_add(heap, out, (const char *)&byte, 1)
                    : byte == ' ' && query           ? buffer_add(heap, out, "+", 1)
                                                     : buffer_add(heap, out, coded, 3);
        if (!done) return false;
    }
    return true;
}

FILTER(filter_urlencode) {
    struct heap *heap = &run->heap;
    struct buffer quoted = { 0 };
    struct iterator *iterator, *pair;
    struct value item, key, value;
    bool more, both, rest;
    if (!arguments_bind(run, arguments, "urlencode", NULL)) return false;
    if (subject.type == VALUE_STRING || !value_is_iterable(subject))
        return quote(heap, subject, false, &quoted) && value_buffer(heap, &quoted, out);
    if (subject.type == VALUE_DICT) subject.type = VALUE_ITEMS;
    if (!iterate(run, subject, &iterator)) return false;
    for (;;) {
        if (!iterator_next(run, iterator, &item, &more)) return false;
        if (!more) return value_buffer(heap, &quoted, out);
        if (!iterate(run, item, &pair) || !iterator_next(run, pair, &key, &both) ||
            (both && !iterator_next(run, pair, &value, &both)) ||
            (both && !iterator_next(run, pair, &item, &rest)))
            return false;
        if (!both || rest) return heap_fail(heap, "not the right number of values to unpack (expected 2)");
        if ((quoted.size > 0 && !buffer_text(heap, &quoted, "&")) || !quote(heap, key, true, &quoted) ||
            !buffer_text(heap, &quoted, "=") || !quote(heap, value, true, &quoted))
            return false;
    }
}

/* ---- urlize ---- */

/* The words of `rel`, nofollow where asked for, and noopener, which jinja2's policy always adds: sorted, once
 * each. */
static bool add_relations(struct run *run, struct value rel, bool nofollow, struct buffer *out) {
    struct heap *heap = &run->heap;
    struct values words = { 0 };
    struct value word;
    if (value_truth(rel)) {
        if (rel.type != VALUE_STRING)
            return heap_fail(heap, "'%s' object has no attribute 'split'", value_type_name(rel));
        if (!text_words(heap, rel.string, -1, &words)) return false;
    }
    if (nofollow && (!value_text(heap, "nofollow", &word) || !values_add(heap, &words, word))) return false;
    if (!value_text(heap, "noopener", &word) || !values_add(heap, &words, word)) return false;
    struct value *keys = heap_array(heap, words.count, sizeof *keys);
    if (!keys) return false;
    memcpy(keys, words.items, (size_t)words.count * sizeof *keys);
    if (!sort_values(&run->heap, words.items, keys, words.count, false)) return false;
    for (int64_t i = 0; i < words.count; i++) {
        if (i > 0 && value_same(words.items[i - 1], words.items[i])) continue;
        if ((i > 0 && !buffer_text(heap, out, " ")) || !markup_escape_text(heap, words.items[i].string, out))
            return false;
    }
    return true;
}

/*  rel="..." target="..." */
static bool link_attributes(struct run *run, struct value rel, bool nofollow, struct value target,
                            struct value *out) {
    struct heap *heap = &run->heap;
    struct buffer text = { 0 };
    if (!buffer_text(heap, &text, " rel=\"") || !add_relations(run, rel, nofollow, &text) ||
        !buffer_text(heap, &text, "\""))
        return false;
    if (target.type != VALUE_NONE && value_truth(target) &&
        (!markup_escape(heap, target, &target) || !buffer_text(heap, &text, " target=\"") ||
         !buffer_add(heap, &text, target.string->data, target.string->size) ||
         !buffer_text(heap, &text, "\"")))
        return false;
    return value_buffer(heap, &text, out);
}

/* What is iterated over once only is used up by the check, and then has none: as in jinja2. */
static bool read_schemes(struct run *run, struct value value, struct values *out) {
    if (value.type == VALUE_NONE) return true;
    if (!iterate_all(run, value, out)) return false;
    for (int64_t i = 0; i < out->count; i++) {
        struct value scheme = out->items[i];
        if (scheme.type != VALUE_STRING)
            return heap_fail(&run->heap, "expected string or bytes-like object, got '%s'",
                             value_type_name(scheme));
        if (!urlize_is_scheme(scheme.string))
            return heap_fail(&run->heap, "%s is not a valid URI scheme prefix.",
                             value_quoted(&run->heap, scheme));
    }
    if (value.type == VALUE_ITERATOR) out->count = 0;
    return true;
}

FILTER(filter_urlize) {
    enum { LIMIT, NOFOLLOW, TARGET, REL, SCHEMES, COUNT };
    struct heap *heap = &run->heap;
    struct value values[COUNT], text, attributes;
    struct values schemes = { 0 };
    struct buffer linked = { 0 };
    if (!arguments_bind(run, arguments, "urlize [trim_url_limit nofollow target rel extra_schemes]", values))
        return false;
    for (int i = 0; i < COUNT; i++) values[i] = value_or(values[i], value_none);
    if (!link_attributes(run, values[REL], value_truth(values[NOFOLLOW]), values[TARGET], &attributes) ||
        !read_schemes(run, values[SCHEMES], &schemes) || !markup_escape(heap, subject, &text))
        return false;
    struct urlize how = { values[LIMIT], attributes.string, &schemes };
    return urlize_text(heap, text.string, &how, &linked) && value_buffer(heap, &linked, out) &&
           value_markup(heap, *out, run->autoescape, out);
}

const struct filter filters_url[] = {
    { "urlencode", filter_urlencode },
    { "urlize", filter_urlize },
    { NULL, NULL },
};
