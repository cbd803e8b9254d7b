/*
 * Filters that lay text out: indent, truncate, wordwrap.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/operate.h"
#include "template/library/rare/rare_tables.h"
#include "template/library/rare/wrap.h"
#include "template/values/slices.h"
#include "template/values/text_tools.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

static bool add_string(struct heap *heap, struct buffer *out, const struct string *text) {
    return buffer_add(heap, out, text->data, text->size);
}

/* The lines, each but the first (or that too) behind the indention; blank ones only if `blank`. */
static bool indent_lines(struct heap *heap, const struct values *lines, const struct string *by, bool first,
                         bool blank, struct buffer *out) {
    if (first && !add_string(heap, out, by)) return false;
    for (int64_t i = 0; i < lines->count; i++) {
        const struct string *line = lines->items[i].string;
        if (i > 0 && !buffer_text(heap, out, "\n")) return false;
        if (i > 0 && (blank || line->size > 0) && !add_string(heap, out, by)) return false;
        if (!add_string(heap, out, line)) return false;
    }
    return true;
}

FILTER(filter_indent) {
    static const struct string newline = { .data = "\n", .size = 1, .points = 1 };
    struct heap *heap = &run->heap;
    struct value values[3], indention, whole;
    struct buffer spaces = { 0 }, result = { 0 };
    struct values lines = { 0 };
    int64_t width;
    if (!arguments_bind(run, arguments, "indent [width first blank]", values)) return false;
    if (values[0].type == VALUE_STRING) {
        indention = values[0];
    } else if (!argument_integer(run, values[0], 4, &width) || !buffer_fill(heap, &spaces, " ", 1, width) ||
               !value_buffer(heap, &spaces, &indention)) {
        return false;
    }
    if (subject.type != VALUE_STRING)
        return operate(run, OPERATOR_ADD, subject, value_of_string(&newline), out);
    if (!string_join(heap, subject.string, &newline, &whole) ||
        !text_lines(heap, whole.string, false, &lines) ||
        !indent_lines(heap, &lines, indention.string, value_truth(values[1]), value_truth(values[2]),
                      &result) ||
        !value_buffer(heap, &result, out))
        return false;
    return !subject.string->markup || value_markup(heap, *out, true, out);
}

FILTER(filter_truncate) {
    static const struct string dots = { .data = "...", .size = 3, .points = 3 };
    struct heap *heap = &run->heap;
    const struct string *end;
    struct value values[4];
    int64_t length, leeway, size;
    if (!arguments_bind(run, arguments, "truncate [length killwords end leeway]", values) ||
        !argument_integer(run, values[0], 255, &length) ||
        !argument_string(run, value_or(values[2], value_of_string(&dots)), "the end", &end))
        return false;
    if (values[3].type == VALUE_NONE) values[3] = value_missing;
    if (!argument_integer(run, values[3], 5, &leeway) || !value_length(run, subject, &size)) return false;
    if (length < end->points)
        return heap_fail(heap, "expected length >= %lld, got %lld", (long long)end->points,
                         (long long)length);
    if (leeway < 0) return heap_fail(heap, "expected leeway >= 0, got %lld", (long long)leeway);
    *out = subject;
    if (size <= length || size - length <= leeway) return true;
    if (subject.type != VALUE_STRING)
        return heap_fail(heap, "'%s' object is no text to truncate", value_type_name(subject));
    struct value kept;
    if (!string_part(heap, subject.string, 0, length - end->points, &kept)) return false;
    int64_t space =
        value_truth(values[1]) ? -1 : bytes_find_last(kept.string->data, kept.string->size, " ", 1);
    if (space >= 0 && !string_bytes(heap, kept.string, 0, space, &kept)) return false;
    return string_join(heap, kept.string, end, out);
}

FILTER(filter_wordwrap) {
    static const struct string newline = { .data = "\n", .size = 1, .points = 1 };
    struct heap *heap = &run->heap;
    const struct string *text, *between;
    struct value values[4];
    struct values lines = { 0 };
    struct buffer result = { 0 };
    struct wrapping wrapping;
    if (!arguments_bind(run, arguments, "wordwrap [width break_long_words wrapstring break_on_hyphens]",
                        values) ||
        !argument_string(run, subject, "the text", &text))
        return false;
    if (values[2].type == VALUE_NONE) values[2] = value_missing;
    if (!argument_string(run, value_or(values[2], value_of_string(&newline)), "the wrapstring", &between))
        return false;
    wrapping.break_long_words = value_truth(value_or(values[1], value_bool(true)));
    wrapping.break_on_hyphens = value_truth(value_or(values[3], value_bool(true)));
    if (!text_lines(heap, text, false, &lines)) return false;
    if (lines.count > 0 && !argument_integer(run, values[0], 79, &wrapping.width)) return false;
    for (int64_t i = 0; i < lines.count; i++) {
        if (i > 0 && !add_string(heap, &result, between)) return false;
        if (!wrap_line(heap, lines.items[i].string, &wrapping, between, &result)) return false;
    }
    return value_buffer(heap, &result, out);
}

const struct filter filters_text_shape[] = { { "indent", filter_indent },
                                             { "truncate", filter_truncate },
                                             { "wordwrap", filter_wordwrap },
                                             { NULL, NULL } };
