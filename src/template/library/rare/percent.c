/*
 * format % values, as Python's str does it after C's printf.
 */
#include "template/library/rare/percent.h"
#include "template/library/rare/format_number.h"
#include "template/values/big.h"
#include "template/values/equal.h"
#include "template/values/markup.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <math.h>
#include <string.h>

struct percent {
    struct heap *heap;
    struct value values; /* the right side */
    int64_t used;
    const char *at, *end;
    bool escapes;
};

/* The next value of a tuple, or the right side itself, once. */
static bool next_value(struct percent *percent, struct value *out) {
    bool tuple = percent->values.type == VALUE_TUPLE;
    int64_t count = tuple ? percent->values.list->count : 1;
    if (percent->used >= count) return heap_fail(percent->heap, "not enough arguments for format string");
    *out = tuple ? percent->values.list->items[percent->used] : percent->values;
    percent->used++;
    return true;
}

/* %(name) */
static bool named_value(struct percent *percent, struct value *out) {
    struct heap *heap = percent->heap;
    const char *name = ++percent->at;
    struct value key;
    bool failed;
    for (int open = 1; percent->at < percent->end; percent->at++) {
        open += (*percent->at == '(') - (*percent->at == ')');
        if (open == 0) break;
    }
    if (percent->at == percent->end) return heap_fail(heap, "incomplete format key");
    if (percent->values.type != VALUE_DICT) return heap_fail(heap, "format requires a mapping");
    if (!value_string_of(heap, name, percent->at - name, -1, &key)) return false;
    percent->at++;
    struct dict_entry *entry = dict_find(heap, percent->values.dict, key, &failed);
    if (!entry) return !failed && heap_fail(heap, "KeyError: %s", value_quoted(heap, key));
    *out = entry->value;
    return true;
}

static bool read_flags(struct percent *percent, struct format_spec *spec) {
    for (; percent->at < percent->end; percent->at++) {
        switch (*percent->at) {
        case '-': spec->align = '<'; break;
        case '+': spec->sign = '+'; break;
        case ' ': spec->sign = spec->sign ? spec->sign : ' '; break;
        case '#': spec->alternate = true; break;
        case '0': spec->zero = true; break;
        default: return true;
        }
    }
    return true;
}

/* A number, or * for the next value; *out stays where neither stands. */
static bool read_size(struct percent *percent, int64_t *out) {
    struct heap *heap = percent->heap;
    struct value given;
    if (percent->at < percent->end && *percent->at == '*') {
        percent->at++;
        if (!next_value(percent, &given)) return false;
        if (!value_is_integer(given)) return heap_fail(heap, "* wants int");
        *out = integer_clamped(given);
        return true;
    }
    if (percent->at == percent->end || *percent->at < '0' || *percent->at > '9') return true;
    for (*out = 0; percent->at < percent->end && *percent->at >= '0' && *percent->at <= '9'; percent->at++) {
        if (*out > INT32_MAX) return heap_fail(heap, "width too big");
        *out = *out * 10 + *percent->at - '0';
    }
    return true;
}

static bool put_text(struct percent *percent, struct value value, const struct format_spec *spec,
                     struct buffer *out) {
    struct heap *heap = percent->heap;
    struct buffer text = { 0 };
    struct value shown;
    if (spec->type == 's') {
        if (percent->escapes ? !markup_escape(heap, value, &shown) : !value_to_string(heap, value, &shown))
            return false;
    } else {
        bool ascii = spec->type == 'a' && value.type == VALUE_STRING;
        if (ascii ? !string_repr(heap, value.string, true, &text) : !value_repr(heap, value, &text))
            return false;
        if (!value_buffer(heap, &text, &shown)) return false;
    }
    return format_text(heap, shown.string, spec, out);
}

static bool put_integer(struct percent *percent, struct value value, struct format_spec *spec,
                        struct buffer *out) {
    struct heap *heap = percent->heap;
    bool decimal = spec->type == 'd' || spec->type == 'i' || spec->type == 'u';
    if (!value_is_integer(value) && !(decimal && value.type == VALUE_FLOAT)) {
        if (value.type == VALUE_UNDEFINED && decimal) return undefined_fail(heap, value);
        return heap_fail(heap,
                         decimal ? "%%%c format: a real number is required, not %s"
                                 : "%%%c format: an integer is required, not %s",
                         spec->type, value_type_name(value));
    }
    if (value.type == VALUE_FLOAT && !integer_from_double(heap, value.real, &value)) return false;
    if (decimal) spec->type = 'd';
    int64_t digits = spec->precision;
    spec->precision = -1;
    if (digits < 0) return format_integer(heap, value, spec, out);
    /* A precision is the least number of digits: as a zero-padded number first. */
    struct format_spec inner = *spec;
    struct buffer number = { 0 };
    struct value text;
    inner.align = '=';
    inner.fill = "0";
    inner.fill_bytes = 1;
    bool prefixed = spec->alternate && !decimal, signs = integer_sign(value) < 0 || spec->sign;
    inner.width = digits + 2 * prefixed + signs;
    if (!format_integer(heap, value, &inner, &number) || !value_buffer(heap, &number, &text)) return false;
    if (spec->align == '=') spec->align = '>';
    if (!spec->align) spec->align = '>';
    return format_text(heap, text.string, spec, out);
}

static bool put_float(struct percent *percent, struct value value, struct format_spec *spec,
                      struct buffer *out) {
    struct heap *heap = percent->heap;
    double real = value.real;
    if (value.type == VALUE_UNDEFINED) return undefined_fail(heap, value);
    if (!value_is_number(value))
        return heap_fail(heap, "must be real number, not %s", value_type_name(value));
    if (value_is_integer(value) && !integer_to_double(heap, value, &real)) return false;
    return format_float(heap, real, spec, out);
}

static bool put_character(struct percent *percent, struct value value, struct format_spec *spec,
                          struct buffer *out) {
    struct heap *heap = percent->heap;
    spec->precision = -1;
    if (!spec->align || spec->align == '=') spec->align = '>';
    if (value.type == VALUE_STRING && value.string->points == 1)
        return format_text(heap, value.string, spec, out);
    if (!value_is_integer(value)) return heap_fail(heap, "%%c requires int or char");
    return format_integer(heap, value, spec, out);
}

/* The conversion behind a %. */
static bool put(struct percent *percent, struct buffer *out) {
    struct heap *heap = percent->heap;
    struct format_spec spec = { .fill = " ", .fill_bytes = 1, .width = -1, .precision = -1 };
    struct value value = value_missing;
    if (percent->at < percent->end && *percent->at == '(' && !named_value(percent, &value)) return false;
    if (!read_flags(percent, &spec) || !read_size(percent, &spec.width)) return false;
    if (spec.width < -1) { /* from a star: to the left */
        spec.align = '<';
        spec.width = -spec.width;
    }
    if (percent->at < percent->end && *percent->at == '.') {
        percent->at++;
        spec.precision = 0;
        if (!read_size(percent, &spec.precision)) return false;
        if (spec.precision < 0) spec.precision = 0;
    }
    while (percent->at < percent->end && strchr("hlL", *percent->at) && *percent->at) percent->at++;
    if (percent->at == percent->end) return heap_fail(heap, "incomplete format");
    spec.type = *percent->at++;
    if (spec.type == '%' && percent->at[-2] == '%') return buffer_add(heap, out, "%", 1);
    if (!spec.type || !strchr("diouxXeEfFgGcrsa", spec.type))
        return heap_fail(heap, "unsupported format character '%c' (0x%x)", spec.type,
                         (unsigned char)spec.type);
    if (value.type == VALUE_MISSING && !next_value(percent, &value)) return false;
    bool number = strchr("diouxXeEfFgG", spec.type) != NULL;
    if (number && spec.zero && !spec.align) {
        spec.align = '=';
        spec.fill = "0";
    }
    if (!spec.align) spec.align = '>';
    if (strchr("rsa", spec.type)) return put_text(percent, value, &spec, out);
    if (spec.type == 'c') return put_character(percent, value, &spec, out);
    if (strchr("diouxX", spec.type)) return put_integer(percent, value, &spec, out);
    return put_float(percent, value, &spec, out);
}

bool string_modulo(struct heap *heap, struct value format, struct value values, struct value *out) {
    const struct string *text = format.string;
    struct percent percent = {
        .heap = heap, .values = values, .at = text->data, .end = text->data + text->size
    };
    struct buffer result = { 0 };
    percent.escapes = text->markup;
    while (percent.at < percent.end) {
        const char *plain = percent.at;
        while (percent.at < percent.end && *percent.at != '%') percent.at++;
        if (!buffer_add(heap, &result, plain, percent.at - plain)) return false;
        if (percent.at == percent.end) break;
        percent.at++;
        if (!heap_work(heap, 1) || !put(&percent, &result)) return false;
    }
    bool tuple = values.type == VALUE_TUPLE;
    bool mapping = values.type == VALUE_DICT || values.type == VALUE_LIST || values.type == VALUE_RANGE ||
                   values.type == VALUE_UNDEFINED; /* whatever has __getitem__ */
    if (!mapping && percent.used < (tuple ? values.list->count : 1))
        return heap_fail(heap, "not all arguments converted during string formatting");
    if (!value_buffer(heap, &result, out)) return false;
    return !text->markup || value_markup(heap, *out, true, out);
}
