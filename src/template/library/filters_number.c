/*
 * Filters of numbers: abs, round, int, float, filesizeformat.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/run.h"
#include "template/library/tables.h"
#include "template/values/big.h"
#include "template/values/number_text.h"
#include "template/values/undefined.h"
#include "template/values/value_text.h"

#include <math.h>
#include <stdio.h>

#define FILTER(name)                                                                                         \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments,               \
                     struct value *out)

FILTER(filter_abs) {
    return arguments_bind(run, arguments, "abs", NULL) && value_absolute(&run->heap, subject, out);
}

/* An integer rounded to 10^-digits, ties to even. */
static bool round_integer(struct run *run, struct value value, int64_t digits, struct value *out) {
    struct heap *heap = &run->heap;
    struct value unit, quotient, rest, twice;
    *out = value.type == VALUE_BOOL ? value_int(value.boolean) : value;
    if (digits >= 0) return true;
    if (digits < -10000) {
        *out = value_int(0);
        return true;
    }
    if (!integer_power(heap, value_int(10), (uint64_t)-digits, &unit) ||
        !integer_divide(heap, value, unit, &quotient, &rest) || !integer_add(heap, rest, rest, &twice))
        return false;
    int order = integer_compare(twice, unit);
    bool up = order > 0 || (order == 0 && integer_is_odd(quotient));
    if (up && !integer_add(heap, quotient, value_int(1), &quotient)) return false;
    return integer_multiply(heap, quotient, unit, out);
}

/* func(value * 10 ** precision) / 10 ** precision */
static bool round_towards(struct run *run, struct value value, struct value precision, bool up,
                          struct value *out) {
    struct heap *heap = &run->heap;
    struct value unit, scaled;
    if (!number_operate(heap, OPERATOR_POWER, value_int(10), precision, &unit) ||
        !number_operate(heap, OPERATOR_MULTIPLY, value, unit, &scaled))
        return false;
    if (scaled.type == VALUE_FLOAT &&
        !integer_from_double(heap, up ? ceil(scaled.real) : floor(scaled.real), &scaled))
        return false;
    return number_operate(heap, OPERATOR_DIVIDE, scaled, unit, out);
}

FILTER(filter_round) {
    struct value values[2];
    int64_t digits;
    bool common = true, up = false;
    if (!arguments_bind(run, arguments, "round [precision method]", values)) return false;
    if (values[1].type != VALUE_MISSING) {
        const struct string *method;
        if (!argument_string(run, values[1], "the method", &method)) return false;
        common = string_equals(method, "common");
        up = string_equals(method, "ceil");
        if (!common && !up && !string_equals(method, "floor"))
            return heap_fail(&run->heap, "method must be common, ceil or floor");
    }
    if (subject.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, subject);
    if (!value_is_number(subject))
        return heap_fail(&run->heap, "type %s doesn't define __round__ method", value_type_name(subject));
    if (common && values[0].type == VALUE_NONE) { /* round(x, None) is round(x): an integer */
        return value_is_integer(subject) ? value_plus(&run->heap, subject, out)
                                         : integer_from_double(&run->heap, float_round(subject.real, 0), out);
    }
    if (!argument_integer(run, values[0], 0, &digits)) return false;
    if (!common) return round_towards(run, subject, value_or(values[0], value_int(0)), up, out);
    if (value_is_integer(subject)) return round_integer(run, subject, digits, out);
    *out = value_float(float_round(subject.real, digits));
    if (isinf(out->real) && isfinite(subject.real))
        return heap_fail(&run->heap, "rounded value too large to represent");
    return true;
}

/* int(float(value)), where that is a number. */
static bool whole_of_text(struct run *run, struct value text, struct value *out) {
    double real;
    bool fits;
    if (!float_parse(&run->heap, text.string, &fits, &real)) return false;
    if (!fits || !isfinite(real)) return true; /* *out is the default */
    return integer_from_double(&run->heap, real, out);
}

FILTER(filter_int) {
    struct value values[2], parsed;
    int64_t base = 10;
    bool fits = false;
    if (!arguments_bind(run, arguments, "int [default base]", values)) return false;
    *out = value_or(values[0], value_int(0));
    if (subject.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, subject);
    if (subject.type == VALUE_STRING) {
        bool has_base =
            values[1].type == VALUE_MISSING || value_is_integer(values[1]); /* else a TypeError, caught */
        if (has_base && (!argument_integer(run, values[1], 10, &base) ||
                         !integer_parse(&run->heap, subject.string, base, &fits, &parsed)))
            return false;
        if (!fits) return whole_of_text(run, subject, out);
        *out = parsed;
    } else if (subject.type == VALUE_FLOAT) {
        if (isnan(subject.real)) return true;
        return integer_from_double(&run->heap, subject.real, out);
    } else if (value_is_integer(subject)) {
        return value_plus(&run->heap, subject, out);
    }
    return true;
}

FILTER(filter_float) {
    struct value otherwise;
    bool fits;
    double real = 0;
    if (!arguments_bind(run, arguments, "float [default]", &otherwise)) return false;
    *out = value_or(otherwise, value_float(0));
    if (subject.type == VALUE_UNDEFINED) return undefined_fail(&run->heap, subject);
    if (subject.type == VALUE_STRING) {
        if (!float_parse(&run->heap, subject.string, &fits, &real)) return false;
        if (fits) *out = value_float(real);
    } else if (subject.type == VALUE_FLOAT) {
        *out = subject;
    } else if (value_is_integer(subject)) {
        if (!integer_to_double(&run->heap, subject, &real)) return false;
        *out = value_float(real);
    }
    return true;
}

FILTER(filter_filesizeformat) {
    static const char letters[] = "kMGTPEZY";
    static const struct arguments none = { .count = 0 };
    struct value binary, number;
    char text[64];
    if (!arguments_bind(run, arguments, "filesizeformat [binary]", &binary) ||
        !filter_float(run, subject, &none, &number))
        return false;
    bool fits = value_is_number(subject);
    double real, bytes = number.real;
    if (subject.type == VALUE_STRING && !float_parse(&run->heap, subject.string, &fits, &real)) return false;
    if (!fits)
        return heap_fail(&run->heap, "could not convert %s to float", value_quoted(&run->heap, subject));
    bool two = value_truth(binary);
    double base = two ? 1024 : 1000;
    long double unit = base; /* powers of 1000 exactly, as the integers that Python compares with */
    if (bytes == 1) return value_text(&run->heap, "1 Byte", out);
    if (bytes < base) {
        if (!isfinite(bytes)) return heap_fail(&run->heap, "cannot convert float infinity to integer");
        snprintf(text, sizeof text, "%.0f Bytes", trunc(bytes));
        return value_text(&run->heap, bytes < 0 && bytes > -1 ? "0 Bytes" : text, out);
    }
    int i = 0;
    for (unit *= base; i < 7 && !(bytes < unit); i++) unit *= base;
    char letter = two && i == 0 ? 'K' : letters[i];
    snprintf(text, sizeof text, "%.1f %c%sB", base * bytes / (double)unit, letter, two ? "i" : "");
    return value_text(&run->heap, text, out);
}

const struct filter filters_number[] = {
    { "abs", filter_abs },
    { "round", filter_round },
    { "int", filter_int },
    { "float", filter_float },
    { "filesizeformat", filter_filesizeformat },
    { NULL, NULL },
};
