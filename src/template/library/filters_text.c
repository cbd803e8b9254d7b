/*
 * Filters of text: case, trimming, replacing, formatting.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/rare/percent.h"
#include "template/library/tables.h"
#include "template/values/dict.h"
#include "template/values/markup.h"
#include "template/values/text_tools.h"
#include "template/values/value_text.h"

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

/* soft_str: a string as it is, anything else as text. */
static bool soft_text(struct run *run, struct value subject, const struct string **out) {
    if (!value_to_string(&run->heap, subject, &subject)) return false;
    *out = subject.string;
    return true;
}

static bool in_case(struct run *run, struct value subject, const struct arguments *arguments,
                    const char *name, enum letter_case wanted, struct value *out) {
    const struct string *text;
    return arguments_bind(run, arguments, name, NULL) && soft_text(run, subject, &text) &&
           text_case(&run->heap, text, wanted, out);
}

FILTER(filter_upper) {
    return in_case(run, subject, arguments, "upper", CASE_UPPER, out);
}

FILTER(filter_lower) {
    return in_case(run, subject, arguments, "lower", CASE_LOWER, out);
}

FILTER(filter_capitalize) {
    const struct string *text;
    return arguments_bind(run, arguments, "capitalize", NULL) && soft_text(run, subject, &text) &&
           text_capitalize(&run->heap, text, out);
}

static bool begins_word(uint32_t before) {
    return point_is_space(before) || before == '-' || before == '(' || before == '{' || before == '[' ||
           before == '<';
}

/* jinja2's own: words begin behind white space and opening brackets, not behind every mark. */
FILTER(filter_title) {
    const struct string *text;
    struct buffer titled = { 0 };
    uint32_t before = ' ';
    int64_t bytes;
    if (!arguments_bind(run, arguments, "title", NULL) || !soft_text(run, subject, &text) ||
        !heap_work(&run->heap, text->size / 4))
        return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        uint32_t point = point_at(text->data + at, &bytes);
        enum letter_case wanted = begins_word(before) ? CASE_UPPER : CASE_LOWER;
        if (!text_case_part(&run->heap, text, at, at + bytes, wanted, &titled)) return false;
        before = point;
    }
    if (!value_buffer(&run->heap, &titled, out)) return false;
    return !text->markup || value_markup(&run->heap, *out, true, out);
}

FILTER(filter_trim) {
    const struct string *text;
    struct value chars;
    if (!arguments_bind(run, arguments, "trim [chars]", &chars) || !soft_text(run, subject, &text))
        return false;
    bool none = chars.type == VALUE_MISSING || chars.type == VALUE_NONE;
    if (!none && chars.type != VALUE_STRING) return heap_fail(&run->heap, "strip arg must be None or str");
    return text_strip(&run->heap, text, none ? NULL : chars.string, STRIP_BOTH, out);
}

FILTER(filter_replace) {
    struct value values[3];
    const struct string *text, *from, *to;
    int64_t count = -1;
    if (!arguments_bind(run, arguments, "replace old new [count]", values)) return false;
    if (run->autoescape) { /* where one is markup, all become it */
        bool markup = (values[0].type == VALUE_STRING && values[0].string->markup) ||
                      (values[1].type == VALUE_STRING && values[1].string->markup);
        if (markup && !markup_escape(&run->heap, subject, &subject)) return false;
    }
    if (values[2].type != VALUE_NONE && !argument_integer(run, values[2], -1, &count)) return false;
    return soft_text(run, subject, &text) && soft_text(run, values[0], &from) &&
           soft_text(run, values[1], &to) && text_replace(&run->heap, text, from, to, count, out) &&
           (run->autoescape || !out->string->markup || value_markup(&run->heap, *out, false, out));
}

FILTER(filter_string) {
    return arguments_bind(run, arguments, "string", NULL) && value_to_string(&run->heap, subject, out);
}

FILTER(filter_center) {
    static const struct string space = { .data = " ", .size = 1, .points = 1 };
    const struct string *text;
    struct value width_value;
    int64_t width;
    return arguments_bind(run, arguments, "center [width]", &width_value) && soft_text(run, subject, &text) &&
           argument_integer(run, width_value, 80, &width) &&
           text_pad(&run->heap, text, width, &space, PAD_BOTH, out);
}

FILTER(filter_format) {
    const struct string *text;
    struct value values;
    if (!soft_text(run, subject, &text)) return false;
    if (arguments->count > 0 && arguments->named_count > 0)
        return heap_fail(&run->heap, "can't handle positional and keyword arguments at the same time");
    if (arguments->named_count > 0) {
        if (!value_dict(&run->heap, &values)) return false;
        for (int64_t i = 0; i < arguments->named_count; i++)
            if (!dict_set(&run->heap, values.dict, value_of_string(arguments->named[i].name),
                          arguments->named[i].value))
                return false;
    } else if (!value_list(&run->heap, VALUE_TUPLE, arguments->positional, arguments->count, &values)) {
        return false;
    }
    return string_modulo(&run->heap, value_of_string(text), values, out);
}

FILTER(filter_wordcount) {
    const struct string *text;
    int64_t count = 0, bytes;
    bool inside = false;
    if (!arguments_bind(run, arguments, "wordcount", NULL) || !soft_text(run, subject, &text) ||
        !heap_work(&run->heap, text->size / 4))
        return false;
    for (int64_t at = 0; at < text->size; at += bytes) {
        bool word = point_is_word(point_at(text->data + at, &bytes));
        count += word && !inside;
        inside = word;
    }
    *out = value_int(count);
    return true;
}

const struct filter filters_text[] = {
    { "upper", filter_upper },
    { "lower", filter_lower },
    { "capitalize", filter_capitalize },
    { "title", filter_title },
    { "trim", filter_trim },
    { "replace", filter_replace },
    { "string", filter_string },
    { "center", filter_center },
    { "format", filter_format },
    { "wordcount", filter_wordcount },
    { NULL, NULL },
};
