/*
 * Filters of addresses: urlencode.
 */
#include "template/interpreter.h"

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

const struct filter filters_url[] = { { "urlencode", filter_urlencode }, { NULL, NULL } };
