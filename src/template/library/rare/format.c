/*
 * str.format: replacement fields, conversions, format specs. Fields look up attributes and elements by the
 * rules of templates, sandbox included.
 *
 *     {field!conversion:spec}    field: a number, a name or nothing, then .name and [index]
 *     [[fill]align][sign][#][0][width][,][.precision][type]
 */
#include "template/library/rare/format.h"
#include "template/interpret/attributes.h"
#include "template/library/rare/format_number.h"
#include "template/values/big.h"
#include "template/values/equal.h"
#include "template/values/markup.h"
#include "template/values/unicode.h"
#include "template/values/value_text.h"

#include <string.h>

/* ---- specs ---- */

static bool is_align(char c) {
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static bool spec_number(struct heap *heap, const char **at, const char *end, int64_t *out) {
    for (*out = 0; *at < end && **at >= '0' && **at <= '9'; (*at)++) {
        if (*out > INT32_MAX) return heap_fail(heap, "Too many decimal digits in format string");
        *out = *out * 10 + **at - '0';
    }
    return true;
}

static bool parse_spec(struct heap *heap, const struct string *text, struct format_spec *spec) {
    const char *at = text->data, *end = at + text->size;
    *spec = (struct format_spec){ .fill = " ", .fill_bytes = 1, .width = -1, .precision = -1 };
    int64_t first = at < end ? point_bytes(at) : 0;
    if (at + first < end && is_align(at[first])) {
        spec->fill = at;
        spec->fill_bytes = first;
        spec->align = at[first];
        at += first + 1;
    } else if (at < end && is_align(*at)) {
        spec->align = *at++;
    }
    if (at < end && (*at == '+' || *at == '-' || *at == ' ')) spec->sign = *at++;
    if (at < end && *at == 'z') at++;
    if (at < end && *at == '#') spec->alternate = *at++;
    if (at < end && *at == '0') { /* =: right for numbers, an error for text, as Python has it */
        spec->zero = true;
        if (!spec->align) {
            spec->fill = "0";
            spec->align = '=';
        }
        at++;
    }
    if (at < end && *at >= '0' && *at <= '9' && !spec_number(heap, &at, end, &spec->width)) return false;
    if (at < end && (*at == ',' || *at == '_')) spec->grouping = *at++;
    if (at < end && *at == '.') {
        at++;
        if (at == end || *at < '0' || *at > '9') return heap_fail(heap, "Format specifier missing precision");
        if (!spec_number(heap, &at, end, &spec->precision)) return false;
    }
    if (at < end && end - at > 1) return heap_fail(heap, "Invalid format specifier");
    if (at < end) spec->type = *at;
    return true;
}

static bool unknown_type(struct heap *heap, const struct format_spec *spec, struct value value) {
    return heap_fail(heap, "Unknown format code '%c' for object of type '%s'", spec->type,
                     value_type_name(value));
}

static bool format_as_text(struct heap *heap, struct value value, struct format_spec *spec,
                           struct buffer *out) {
    if (spec->type && spec->type != 's') return unknown_type(heap, spec, value);
    if (spec->sign) return heap_fail(heap, "Sign not allowed in string format specifier");
    if (spec->alternate) return heap_fail(heap, "Alternate form (#) not allowed in string format specifier");
    if (spec->grouping) return heap_fail(heap, "Cannot specify '%c' with 's'.", spec->grouping);
    if (spec->align == '=' && spec->zero)
        spec->align = '<';
    else if (spec->align == '=')
        return heap_fail(heap, "'=' alignment not allowed in string format specifier");
    return format_text(heap, value.string, spec, out);
}

static bool format_as_number(struct heap *heap, struct value value, struct format_spec *spec,
                             struct buffer *out) {
    static const char floats[] = "eEfFgG%";
    bool integer = value_is_integer(value), as_float = spec->type && strchr(floats, spec->type);
    bool known = !spec->type || as_float || spec->type == 'n' || (integer && strchr("bcdoxX", spec->type));
    double real = value.real;
    if (!known) return unknown_type(heap, spec, value);
    if (spec->grouping == ',' && spec->type && strchr("bcoxXn", spec->type))
        return heap_fail(heap, "Cannot specify ',' with '%c'.", spec->type);
    if (integer && spec->type == 'c' && spec->sign)
        return heap_fail(heap, "Sign not allowed with integer format specifier 'c'");
    if (integer && !as_float) return format_integer(heap, value, spec, out);
    if (integer && !integer_to_double(heap, value, &real)) return false;
    return format_float(heap, real, spec, out);
}

/* format(value, spec) */
static bool format_value(struct heap *heap, struct value value, const struct string *text,
                         struct buffer *out) {
    struct format_spec spec;
    if (text->size == 0) return value_print(heap, value, out);
    if (!value_is_number(value) && value.type != VALUE_STRING)
        return heap_fail(heap, "unsupported format string passed to %s.__format__", value_type_name(value));
    if (!parse_spec(heap, text, &spec)) return false;
    if (value.type == VALUE_STRING) return format_as_text(heap, value, &spec, out);
    return format_as_number(heap, value, &spec, out);
}

/* ---- fields ---- */

struct format { /* one call under way */
    struct run *run;
    const struct arguments *arguments;
    struct value mapping; /* of format_map; VALUE_MISSING: none */
    int64_t next;         /* automatic number; -1: numbers are given */
    bool escapes;
};

static bool is_number(const char *text, int64_t size, int64_t *number) {
    *number = 0;
    for (int64_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' || *number > INT32_MAX) return false;
        *number = *number * 10 + text[i] - '0';
    }
    return size > 0;
}

/* What the first part of a field names. */
static bool field_value(struct format *format, const char *name, int64_t size, struct value *out) {
    struct heap *heap = &format->run->heap;
    const struct arguments *arguments = format->arguments;
    int64_t number;
    bool numbered = is_number(name, size, &number);
    if (size == 0 || numbered) {
        if (size == 0 ? format->next < 0 : format->next > 0)
            return heap_fail(heap, "cannot mix manual field specification and automatic field numbering");
        if (size == 0)
            number = format->next++;
        else
            format->next = -1;
        if (format->mapping.type != VALUE_MISSING || number >= arguments->count)
            return heap_fail(heap, "Replacement index %lld out of range for positional args tuple",
                             (long long)number);
        *out = arguments->positional[number];
        return true;
    }
    if (format->mapping.type != VALUE_MISSING) {
        const struct dict_entry *entry =
            format->mapping.type == VALUE_DICT ? dict_find_text(format->mapping.dict, name, size) : NULL;
        if (entry) *out = entry->value;
        if (entry) return true;
    }
    for (int64_t i = 0; format->mapping.type == VALUE_MISSING && i < arguments->named_count; i++) {
        const struct string *key = arguments->named[i].name;
        if (key->size != size || memcmp(key->data, name, (size_t)size) != 0) continue;
        *out = arguments->named[i].value;
        return true;
    }
    return heap_fail(heap, "KeyError: '%.*s'", (int)(size < 60 ? size : 60), name);
}

/* .name and [index] behind it. */
static bool field_members(struct format *format, const char *at, const char *end, struct value *value) {
    struct run *run = format->run;
    while (at < end) {
        bool attribute = *at == '.', index = *at == '[';
        const char *stop = ++at;
        while (stop < end && (attribute ? *stop != '.' && *stop != '[' : *stop != ']')) stop++;
        if ((!attribute && !index) || stop == at || (index && stop == end))
            return heap_fail(&run->heap, attribute || index
                                             ? "Empty attribute in format string"
                                             : "Only '.' or '[' may follow ']' in format field specifier");
        struct value name;
        int64_t number;
        if (!value_string_of(&run->heap, at, stop - at, -1, &name)) return false;
        bool numbered = index && is_number(at, stop - at, &number);
        bool done = attribute  ? value_attribute(run, *value, name.string, value)
                    : numbered ? value_item(run, *value, value_int(number), value)
                               : value_item(run, *value, name, value);
        if (!done) return false;
        at = stop + index;
    }
    return true;
}

static bool convert(struct run *run, char conversion, struct value *value) {
    struct buffer text = { 0 };
    if (conversion == 's') return value_to_string(&run->heap, *value, value);
    if (conversion != 'r' && conversion != 'a')
        return heap_fail(&run->heap, "Unknown conversion specifier '%c'", conversion);
    bool ascii = conversion == 'a' && value->type == VALUE_STRING;
    bool done =
        ascii ? string_repr(&run->heap, value->string, true, &text) : value_repr(&run->heap, *value, &text);
    return done && value_buffer(&run->heap, &text, value);
}

static bool expand(struct format *format, const char *at, const char *end, int depth, struct buffer *out);

static bool add_formatted(struct format *format, struct value value, const struct string *spec,
                          struct buffer *out) {
    struct heap *heap = &format->run->heap;
    struct buffer text = { 0 };
    struct value shown;
    if (!format->escapes) return format_value(heap, value, spec, out);
    if (value.type == VALUE_STRING && value.string->markup && spec->size == 0)
        return value_print(heap, value, out);
    return format_value(heap, value, spec, &text) && value_buffer(heap, &text, &shown) &&
           markup_escape_text(heap, shown.string, out);
}

/* The field between its braces. */
static bool expand_field(struct format *format, const char *at, const char *end, int depth,
                         struct buffer *out) {
    struct heap *heap = &format->run->heap;
    const char *name = at, *first;
    char conversion = 0;
    struct value value, spec;
    struct buffer spec_text = { 0 };
    int brackets = 0;
    for (; at < end && (brackets > 0 || (*at != '!' && *at != ':')); at++) {
        brackets += *at == '[';
        brackets -= brackets > 0 && *at == ']';
    }
    const char *name_end = at;
    if (at < end && *at == '!') {
        if (end - at < 2 || (end - at > 2 && at[2] != ':'))
            return heap_fail(heap, "expected ':' after conversion specifier");
        conversion = at[1];
        at += 2;
    }
    at += at < end; /* the colon */
    for (first = name; first < name_end && *first != '.' && *first != '[';) first++;
    if (!field_value(format, name, first - name, &value) || !field_members(format, first, name_end, &value))
        return false;
    if (conversion && !convert(format->run, conversion, &value)) return false;
    return expand(format, at, end, depth - 1, &spec_text) && value_buffer(heap, &spec_text, &spec) &&
           add_formatted(format, value, spec.string, out);
}

static bool expand(struct format *format, const char *at, const char *end, int depth, struct buffer *out) {
    struct heap *heap = &format->run->heap;
    if (depth < 0) return heap_fail(heap, "Max string recursion exceeded");
    while (at < end) {
        const char *plain = at;
        while (at < end && *at != '{' && *at != '}') at++;
        if (!buffer_add(heap, out, plain, at - plain)) return false;
        if (at == end) return true;
        if (at + 1 < end && at[1] == at[0]) {
            if (!buffer_add(heap, out, at, 1)) return false;
            at += 2;
            continue;
        }
        if (*at == '}') return heap_fail(heap, "Single '}' encountered in format string");
        const char *field = ++at;
        for (int open = 1; at < end; at++) {
            open += (*at == '{') - (*at == '}');
            if (open == 0) break;
        }
        if (at == end)
            return heap_fail(heap, field == end ? "Single '{' encountered in format string"
                                                : "expected '}' before end of string");
        if (!heap_work(heap, 1) || !expand_field(format, field, at, depth, out)) return false;
        at++;
    }
    return true;
}

static bool format_all(struct format *format, const struct string *text, struct value *out) {
    struct heap *heap = &format->run->heap;
    struct buffer result = { 0 };
    format->escapes = text->markup;
    if (!heap_copy_work(heap, text->size) ||
        !expand(format, text->data, text->data + text->size, 2, &result) || !value_buffer(heap, &result, out))
        return false;
    return !text->markup || value_markup(heap, *out, true, out);
}

bool format_string(struct run *run, const struct string *text, const struct arguments *arguments,
                   struct value *out) {
    struct format format = { .run = run, .arguments = arguments, .mapping = value_missing };
    return format_all(&format, text, out);
}

bool format_string_map(struct run *run, const struct string *text, struct value mapping, struct value *out) {
    static const struct arguments none = { .count = 0 };
    struct format format = { .run = run, .arguments = &none, .mapping = mapping };
    return format_all(&format, text, out);
}
