/*
 * Numbers, and text, as a format spec says: sign, padding, groups of digits, precision.
 */
#include "template/library/rare/format_number.h"
#include "template/values/big.h"
#include "template/values/number_text.h"
#include "template/values/slices.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool padded(struct heap *heap, const struct format_spec *spec, char align, const char *prefix,
                   const char *body, int64_t body_bytes, int64_t body_points, struct buffer *out) {
    int64_t size = (int64_t)strlen(prefix) + body_points, more = spec->width > size ? spec->width - size : 0;
    if (spec->align) align = spec->align;
    int64_t left = align == '<' ? 0 : align == '^' ? more / 2 : more, right = more - left;
    bool inside = align == '=';
    return (inside || buffer_fill(heap, out, spec->fill, spec->fill_bytes, left)) &&
           buffer_text(heap, out, prefix) &&
           (!inside || buffer_fill(heap, out, spec->fill, spec->fill_bytes, left)) &&
           buffer_add(heap, out, body, body_bytes) &&
           buffer_fill(heap, out, spec->fill, spec->fill_bytes, right);
}

/* digits with a separator between groups, and zeros before them up to `width`. */
static bool grouped(struct heap *heap, const char *digits, int64_t count, char separator, int group,
                    int64_t width, struct buffer *out) {
    int64_t marks = separator ? (count - 1) / group : 0;
    while (separator && count + marks < width) { /* zeros are digits too */
        int64_t more = width - count - marks;
        if (!heap_work(heap, 1)) return false;
        count += more > group ? more / (group + 1) * group : 1;
        marks = (count - 1) / group;
    }
    if (!separator && count < width) count = width;
    int64_t zeros = count - (int64_t)strnlen(digits, (size_t)count);
    if (!heap_work(heap, count / 4)) return false;
    for (int64_t i = 0; i < count; i++) {
        if (separator && i > 0 && (count - i) % group == 0 && !buffer_add(heap, out, &separator, 1))
            return false;
        if (!buffer_add(heap, out, i < zeros ? "0" : digits + i - zeros, 1)) return false;
    }
    return true;
}

/* A sign and prefix, digits before the point, and the rest, put together. */
static bool number(struct heap *heap, const struct format_spec *spec, bool negative, const char *prefix,
                   struct buffer *whole, const char *rest, int group, struct buffer *out) {
    char sign[8];
    struct buffer body = { 0 };
    snprintf(sign, sizeof sign, "%s%s",
             negative            ? "-"
             : spec->sign == '+' ? "+"
             : spec->sign == ' ' ? " "
                                 : "",
             prefix);
    bool zeros = spec->align == '=' && spec->fill_bytes == 1 && spec->fill[0] == '0';
    int64_t width = zeros ? spec->width - (int64_t)strlen(sign) - (int64_t)strlen(rest) : 0;
    if (!buffer_add(heap, whole, "", 1)) return false; /* a NUL behind the digits */
    return grouped(heap, whole->data, whole->size - 1, spec->grouping, group, width, &body) &&
           buffer_text(heap, &body, rest) &&
           padded(heap, spec, '>', sign, body.data, body.size, body.size, out);
}

bool format_integer(struct heap *heap, struct value value, const struct format_spec *spec,
                    struct buffer *out) {
    struct buffer digits = { 0 };
    const char *prefix = "";
    int base = 10;
    if (spec->type == 'c') {
        int64_t point = integer_clamped(value);
        if (point < 0 || point > 0x10ffff) return heap_fail(heap, "%%c arg not in range(0x110000)");
        struct buffer character = { 0 };
        return buffer_point(heap, &character, (uint32_t)point) &&
               padded(heap, spec, '<', "", character.data, character.size, 1, out);
    }
    if (spec->precision >= 0) return heap_fail(heap, "Precision not allowed in integer format specifier");
    if (spec->type == 'b') base = 2;
    if (spec->type == 'o') base = 8;
    if (spec->type == 'x' || spec->type == 'X') base = 16;
    if (spec->alternate && base != 10)
        prefix = base == 2 ? "0b" : base == 8 ? "0o" : spec->type == 'X' ? "0X" : "0x";
    if (!integer_digits(heap, value, base, &digits)) return false;
    for (int64_t i = 0; spec->type == 'X' && i < digits.size; i++)
        digits.data[i] = (char)toupper(digits.data[i]);
    return number(heap, spec, integer_sign(value) < 0, prefix, &digits, "", base == 10 ? 3 : 4, out);
}

/* Python's default form of a float, with a precision: as %g, but never without a point or an exponent, for
 * which one digit of the precision is kept. */
static void general_with_point(double real, int precision, char *text, size_t room) {
    if (precision < 1) precision = 1;
    snprintf(text, room, "%.*e", precision - 1, real);
    int exponent = atoi(strchr(text, 'e') + 1);
    bool fixed = exponent >= -4 && exponent < precision - 1;
    if (fixed) snprintf(text, room, "%.*f", precision - 1 - exponent, real);
    char *mark = strchr(text, 'e'), tail[16] = "";
    if (mark) {
        snprintf(tail, sizeof tail, "%s", mark);
        *mark = 0;
    }
    char *point = strchr(text, '.');
    for (char *end = text + strlen(text) - 1; point && end > point && *end == '0'; end--) *end = 0;
    if (point && point[1] == 0) *point = 0;
    size_t used = strlen(text);
    snprintf(text + used, room - used, "%s%s", fixed && !strchr(text, '.') ? ".0" : "", tail);
}

/* The digits of |real|, without sign. */
static void float_digits(double real, const struct format_spec *spec, char *text, size_t room) {
    char type = spec->type;
    int precision = spec->precision < 0 ? 6 : (int)spec->precision;
    real = fabs(real);
    if (!isfinite(real)) {
        bool upper = type == 'E' || type == 'F' || type == 'G';
        snprintf(text, room, "%s%s", isnan(real) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf"),
                 type == '%' ? "%" : "");
        return;
    }
    if (type == 0 && spec->precision < 0) {
        float_repr(real, text);
    } else if (type == 0) {
        general_with_point(real, precision, text, room);
    } else {
        char letter = type == 'n' ? 'g' : type == '%' ? 'f' : type;
        double scaled = type == '%' ? real * 100 : real;
        switch (letter) { /* a format that the compiler can check */
        case 'e': snprintf(text, room, spec->alternate ? "%#.*e" : "%.*e", precision, scaled); break;
        case 'E': snprintf(text, room, spec->alternate ? "%#.*E" : "%.*E", precision, scaled); break;
        case 'F': snprintf(text, room, spec->alternate ? "%#.*F" : "%.*F", precision, scaled); break;
        case 'g': snprintf(text, room, spec->alternate ? "%#.*g" : "%.*g", precision, scaled); break;
        case 'G': snprintf(text, room, spec->alternate ? "%#.*G" : "%.*G", precision, scaled); break;
        default: snprintf(text, room, spec->alternate ? "%#.*f" : "%.*f", precision, scaled); break;
        }
        if (type == '%') snprintf(text + strlen(text), 2, "%%");
    }
}

bool format_float(struct heap *heap, double real, const struct format_spec *spec, struct buffer *out) {
    char text[FORMAT_PRECISION_MAX + 420];
    struct buffer whole = { 0 };
    if (spec->precision > FORMAT_PRECISION_MAX)
        return heap_limit(heap, "a precision of %lld, the limit is %d", (long long)spec->precision,
                          FORMAT_PRECISION_MAX);
    float_digits(real, spec, text, sizeof text);
    size_t count = isfinite(real) ? strspn(text, "0123456789") : strlen(text);
    if (!heap_work(heap, (int64_t)count) || !buffer_add(heap, &whole, text, (int64_t)count)) return false;
    return number(heap, spec, signbit(real) && !isnan(real), "", &whole, text + count, 3, out);
}

bool format_text(struct heap *heap, const struct string *text, const struct format_spec *spec,
                 struct buffer *out) {
    struct value shown = value_of_string(text);
    if (spec->precision >= 0 && spec->precision < text->points &&
        !string_part(heap, text, 0, spec->precision, &shown))
        return false;
    return padded(heap, spec, '<', "", shown.string->data, shown.string->size, shown.string->points, out);
}
