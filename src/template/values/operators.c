/*
 * Arithmetic, concatenation and repetition.
 *
 * Floor division and remainder of floats follow Python's float_divmod: the remainder has the divisor's sign.
 */
#include "template/values/operators.h"
#include "template/values/big.h"
#include "template/values/markup.h"
#include "template/values/undefined.h"

#include <math.h>
#include <string.h>

static const char *const signs[] = { "+", "-", "*", "/", "//", "%", "** or pow()" };

/* ---- numbers ---- */

static bool to_double(struct heap *heap, struct value value, double *out) {
    if (value.type != VALUE_FLOAT) return integer_to_double(heap, value, out);
    *out = value.real;
    return true;
}

static double floor_divide(double x, double y, double *remainder) {
    double rest = fmod(x, y), quotient = (x - rest) / y;
    if (rest != 0 && (y < 0) != (rest < 0)) {
        rest += y;
        quotient -= 1;
    }
    if (rest == 0) rest = copysign(0.0, y);
    double whole = floor(quotient);
    if (quotient - whole > 0.5) whole += 1;
    if (quotient == 0) whole = copysign(0.0, x / y);
    *remainder = rest;
    return whole;
}

static bool float_power(struct heap *heap, double x, double y, double *out) {
    if (x == 0 && y < 0) return heap_fail(heap, "0.0 cannot be raised to a negative power");
    if (x < 0 && isfinite(x) && isfinite(y) && y != floor(y))
        return heap_fail(heap, "a power that is a complex number");
    *out = pow(x, y);
    if (isinf(*out) && isfinite(x) && isfinite(y))
        return heap_fail(heap, "(34, 'Numerical result out of range')");
    return true;
}

static bool float_operate(struct heap *heap, enum operator_kind kind, double x, double y, struct value *out) {
    double rest, result = 0;
    bool divides = kind == OPERATOR_DIVIDE || kind == OPERATOR_FLOOR_DIVIDE || kind == OPERATOR_MODULO;
    if (divides && y == 0)
        return heap_fail(heap, kind == OPERATOR_DIVIDE         ? "float division by zero"
                               : kind == OPERATOR_FLOOR_DIVIDE ? "float floor division by zero"
                                                               : "float modulo");
    switch (kind) {
    case OPERATOR_ADD: result = x + y; break;
    case OPERATOR_SUBTRACT: result = x - y; break;
    case OPERATOR_MULTIPLY: result = x * y; break;
    case OPERATOR_DIVIDE: result = x / y; break;
    case OPERATOR_FLOOR_DIVIDE: result = floor_divide(x, y, &rest); break;
    case OPERATOR_MODULO: floor_divide(x, y, &result); break;
    default:
        if (!float_power(heap, x, y, &result)) return false;
    }
    *out = value_float(result);
    return true;
}

/* Correctly rounded where both are below 2^53, as they are in any template; else by way of 64 bits. */
static bool true_divide(struct heap *heap, struct value a, struct value b, struct value *out) {
    double x, y;
    if (integer_sign(b) == 0) return heap_fail(heap, "division by zero");
    if (a.type != VALUE_BIG && b.type != VALUE_BIG) {
        long double quotient = (long double)integer_clamped(a) / (long double)integer_clamped(b);
        bool exact = integer_bits(a) <= 53 && integer_bits(b) <= 53;
        *out =
            value_float(exact ? (double)integer_clamped(a) / (double)integer_clamped(b) : (double)quotient);
        return true;
    }
    x = a.type == VALUE_BIG ? big_to_double(a.big) : (double)integer_clamped(a);
    y = b.type == VALUE_BIG ? big_to_double(b.big) : (double)integer_clamped(b);
    if (isinf(x) || isinf(y)) return heap_fail(heap, "integer division result too large for a float");
    *out = value_float(x / y);
    return true;
}

static bool integer_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                            struct value *out) {
    bool divides = kind == OPERATOR_FLOOR_DIVIDE || kind == OPERATOR_MODULO;
    if (divides && integer_sign(b) == 0)
        return heap_fail(heap, kind == OPERATOR_MODULO ? "integer modulo by zero"
                                                       : "integer division or modulo by zero");
    switch (kind) {
    case OPERATOR_ADD: return integer_add(heap, a, b, out);
    case OPERATOR_SUBTRACT: return integer_subtract(heap, a, b, out);
    case OPERATOR_MULTIPLY: return integer_multiply(heap, a, b, out);
    case OPERATOR_DIVIDE: return true_divide(heap, a, b, out);
    case OPERATOR_FLOOR_DIVIDE: return integer_divide(heap, a, b, out, NULL);
    case OPERATOR_MODULO: return integer_divide(heap, a, b, NULL, out);
    default: break;
    }
    if (integer_sign(b) < 0) {
        double x, y;
        return to_double(heap, a, &x) && to_double(heap, b, &y) && float_operate(heap, kind, x, y, out);
    }
    return integer_power(heap, a, b.type == VALUE_BIG ? UINT64_MAX : (uint64_t)integer_clamped(b), out);
}

bool number_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                    struct value *out) {
    double x, y;
    if (value_is_integer(a) && value_is_integer(b)) return integer_operate(heap, kind, a, b, out);
    return to_double(heap, a, &x) && to_double(heap, b, &y) && float_operate(heap, kind, x, y, out);
}

bool value_negate(struct heap *heap, struct value value, struct value *out) {
    if (value.type == VALUE_FLOAT) {
        *out = value_float(-value.real);
        return true;
    }
    if (value_is_integer(value)) return integer_negate(heap, value, out);
    if (value.type == VALUE_UNDEFINED) return undefined_fail(heap, value);
    return heap_fail(heap, "bad operand type for unary -: '%s'", value_type_name(value));
}

bool value_plus(struct heap *heap, struct value value, struct value *out) {
    *out = value.type == VALUE_BOOL ? value_int(value.boolean) : value;
    if (value_is_number(value)) return true;
    if (value.type == VALUE_UNDEFINED) return undefined_fail(heap, value);
    return heap_fail(heap, "bad operand type for unary +: '%s'", value_type_name(value));
}

bool value_absolute(struct heap *heap, struct value value, struct value *out) {
    if (value.type == VALUE_FLOAT) {
        *out = value_float(fabs(value.real));
        return true;
    }
    if (value_is_integer(value))
        return integer_sign(value) < 0 ? integer_negate(heap, value, out) : value_plus(heap, value, out);
    if (value.type == VALUE_UNDEFINED) return undefined_fail(heap, value);
    return heap_fail(heap, "bad operand type for abs(): '%s'", value_type_name(value));
}

/* ---- sequences ---- */

static bool list_join(struct heap *heap, struct value a, struct value b, struct value *out) {
    int64_t count = a.list->count + b.list->count;
    struct value *items = heap_array(heap, count, sizeof *items);
    if (!items || !heap_work(heap, count)) return false;
    if (a.list->count > 0) memcpy(items, a.list->items, (size_t)a.list->count * sizeof *items);
    if (b.list->count > 0)
        memcpy(items + a.list->count, b.list->items, (size_t)b.list->count * sizeof *items);
    return value_list(heap, a.type, items, count, out);
}

static bool add_sequences(struct heap *heap, struct value a, struct value b, struct value *out) {
    if (a.type == VALUE_STRING && b.type == VALUE_STRING) {
        if (a.string->markup || b.string->markup) return markup_join(heap, a, b, out);
        return string_join(heap, a.string, b.string, out);
    }
    if (a.type == b.type && (a.type == VALUE_LIST || a.type == VALUE_TUPLE))
        return list_join(heap, a, b, out);
    if (a.type == VALUE_UNDEFINED) return undefined_fail(heap, a);
    if (b.type == VALUE_UNDEFINED) return undefined_fail(heap, b);
    if (a.type == VALUE_STRING || a.type == VALUE_LIST || a.type == VALUE_TUPLE)
        return heap_fail(heap, "can only concatenate %s (not \"%s\") to %s",
                         a.type == VALUE_STRING ? "str" : value_type_name(a), value_type_name(b),
                         a.type == VALUE_STRING ? "str" : value_type_name(a));
    return heap_fail(heap, "unsupported operand type(s) for +: '%s' and '%s'", value_type_name(a),
                     value_type_name(b));
}

static bool repeat(struct heap *heap, struct value sequence, int64_t times, struct value *out) {
    if (times < 0) times = 0;
    if (sequence.type == VALUE_STRING) {
        const struct string *string = sequence.string;
        struct buffer buffer = { 0 };
        if (!buffer_fill(heap, &buffer, string->data, string->size, times) ||
            !value_string_of(heap, buffer.data, buffer.size, string->size == 0 ? 0 : string->points * times,
                             out))
            return false;
        return !string->markup || value_markup(heap, *out, true, out);
    }
    const struct list *list = sequence.list;
    if (list->count == 0) times = 0;
    if (times > 0 && !heap_fits(heap, list->count * (int64_t)sizeof(struct value), times)) return false;
    struct value *items = heap_array(heap, list->count * times, sizeof *items);
    if (!items || !heap_work(heap, list->count * times)) return false;
    for (int64_t i = 0; i < times; i++)
        memcpy(items + i * list->count, list->items, (size_t)list->count * sizeof *items);
    return value_list(heap, sequence.type, items, list->count * times, out);
}

static bool is_sequence(struct value value) {
    return value.type == VALUE_STRING || value.type == VALUE_LIST || value.type == VALUE_TUPLE;
}

bool value_operate(struct heap *heap, enum operator_kind kind, struct value a, struct value b,
                   struct value *out) {
    if (value_is_number(a) && value_is_number(b)) return number_operate(heap, kind, a, b, out);
    if (kind == OPERATOR_ADD) return add_sequences(heap, a, b, out);
    if (kind == OPERATOR_MULTIPLY && is_sequence(a) && value_is_integer(b))
        return repeat(heap, a, integer_clamped(b), out);
    if (kind == OPERATOR_MULTIPLY && is_sequence(b) && value_is_integer(a))
        return repeat(heap, b, integer_clamped(a), out);
    if (a.type == VALUE_UNDEFINED) return undefined_fail(heap, a);
    if (b.type == VALUE_UNDEFINED) return undefined_fail(heap, b);
    if (kind == OPERATOR_MULTIPLY && (is_sequence(a) || is_sequence(b)))
        return heap_fail(heap, "can't multiply sequence by non-int of type '%s'",
                         value_type_name(is_sequence(a) ? b : a));
    return heap_fail(heap, "unsupported operand type(s) for %s: '%s' and '%s'", signs[kind],
                     value_type_name(a), value_type_name(b));
}
