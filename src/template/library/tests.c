/*
 * Tests: what may stand behind `is`.
 */
#include "template/interpret/arguments.h"
#include "template/interpret/attributes.h"
#include "template/interpret/iterate.h"
#include "template/interpret/operate.h"
#include "template/library/tables.h"
#include "template/values/compare.h"
#include "template/values/equal.h"
#include "template/values/value_text.h"

#define TEST_OF(name)                                                                                        \
    static bool name(struct run *run, struct value subject, const struct arguments *arguments, bool *out)

static bool plain(struct run *run, const struct arguments *arguments, bool holds, bool *out) {
    *out = holds;
    return arguments_bind(run, arguments, "test", NULL);
}

TEST_OF(is_defined) {
    return plain(run, arguments, subject.type != VALUE_UNDEFINED, out);
}

TEST_OF(is_undefined) {
    return plain(run, arguments, subject.type == VALUE_UNDEFINED, out);
}

TEST_OF(is_none) {
    return plain(run, arguments, subject.type == VALUE_NONE, out);
}

TEST_OF(is_boolean) {
    return plain(run, arguments, subject.type == VALUE_BOOL, out);
}

TEST_OF(is_true) {
    return plain(run, arguments, subject.type == VALUE_BOOL && subject.boolean, out);
}

TEST_OF(is_false) {
    return plain(run, arguments, subject.type == VALUE_BOOL && !subject.boolean, out);
}

TEST_OF(is_integer) {
    return plain(run, arguments, subject.type == VALUE_INT || subject.type == VALUE_BIG, out);
}

TEST_OF(is_float) {
    return plain(run, arguments, subject.type == VALUE_FLOAT, out);
}

TEST_OF(is_number) {
    return plain(run, arguments, value_is_number(subject), out);
}

TEST_OF(is_string) {
    return plain(run, arguments, subject.type == VALUE_STRING, out);
}

TEST_OF(is_mapping) {
    return plain(run, arguments, subject.type == VALUE_DICT, out);
}

TEST_OF(is_iterable) {
    return plain(run, arguments, value_is_iterable(subject), out);
}

TEST_OF(is_sequence) {
    bool holds = subject.type == VALUE_STRING || subject.type == VALUE_LIST || subject.type == VALUE_TUPLE ||
                 subject.type == VALUE_DICT || subject.type == VALUE_RANGE || subject.type == VALUE_UNDEFINED;
    return plain(run, arguments, holds, out);
}

TEST_OF(is_callable) {
    bool holds = subject.type == VALUE_MACRO || subject.type == VALUE_METHOD ||
                 subject.type == VALUE_FUNCTION || subject.type == VALUE_LOOP ||
                 subject.type == VALUE_JOINER || subject.type == VALUE_BLOCK ||
                 subject.type == VALUE_UNDEFINED;
    return plain(run, arguments, holds, out);
}

TEST_OF(is_escaped) {
    return plain(run, arguments, subject.type == VALUE_STRING && subject.string->markup, out);
}

/* ---- by value ---- */

static bool has_remainder(struct run *run, struct value subject, struct value divisor, int64_t wanted,
                          bool *out) {
    struct value remainder;
    return operate(run, OPERATOR_MODULO, subject, divisor, &remainder) &&
           value_equal(&run->heap, remainder, value_int(wanted), out);
}

TEST_OF(is_odd) {
    return arguments_bind(run, arguments, "odd", NULL) && has_remainder(run, subject, value_int(2), 1, out);
}

TEST_OF(is_even) {
    return arguments_bind(run, arguments, "even", NULL) && has_remainder(run, subject, value_int(2), 0, out);
}

TEST_OF(is_divisible) {
    struct value divisor;
    return arguments_bind(run, arguments, "divisibleby num", &divisor) &&
           has_remainder(run, subject, divisor, 0, out);
}

static bool in_case(struct run *run, struct value subject, const char *method, bool *out) {
    static const struct arguments none = { .count = 0 };
    struct value text, name, answer;
    if (!value_to_string(&run->heap, subject, &text) || !value_text(&run->heap, method, &name)) return false;
    const struct method *found = run->library->method(VALUE_STRING, name.string);
    if (!found->call(run, text, &none, &answer)) return false;
    *out = answer.boolean;
    return true;
}

TEST_OF(is_lower) {
    return arguments_bind(run, arguments, "lower", NULL) && in_case(run, subject, "islower", out);
}

TEST_OF(is_upper) {
    return arguments_bind(run, arguments, "upper", NULL) && in_case(run, subject, "isupper", out);
}

/* Is it the name of a filter, or of a test? */
static bool is_helper(struct run *run, struct value subject, bool filter, bool *out) {
    uint64_t hash = 0;
    if (!value_hash(&run->heap, subject, &hash)) return false;
    *out = subject.type == VALUE_STRING && (filter ? run->library->filter(subject.string) != NULL
                                                   : run->library->test(subject.string) != NULL);
    return true;
}

TEST_OF(is_filter) {
    return arguments_bind(run, arguments, "filter", NULL) && is_helper(run, subject, true, out);
}

TEST_OF(is_test) {
    return arguments_bind(run, arguments, "test", NULL) && is_helper(run, subject, false, out);
}

TEST_OF(is_same) {
    struct value other;
    if (!arguments_bind(run, arguments, "sameas other", &other)) return false;
    *out = value_same(subject, other);
    return true;
}

TEST_OF(is_in) {
    struct value container;
    return arguments_bind(run, arguments, "in seq", &container) &&
           value_contains(run, container, subject, out);
}

TEST_OF(is_equal) {
    struct value other;
    return arguments_bind(run, arguments, "eq other", &other) && value_equal(&run->heap, subject, other, out);
}

TEST_OF(is_unequal) {
    if (!is_equal(run, subject, arguments, out)) return false;
    *out = !*out;
    return true;
}

static bool ordered(struct run *run, struct value subject, const struct arguments *arguments,
                    enum comparison how, bool *out) {
    struct value other;
    return arguments_bind(run, arguments, "compare other", &other) &&
           value_compare(&run->heap, how, subject, other, out);
}

TEST_OF(is_less) {
    return ordered(run, subject, arguments, COMPARE_LESS, out);
}

TEST_OF(is_less_or_equal) {
    return ordered(run, subject, arguments, COMPARE_LESS_EQUAL, out);
}

TEST_OF(is_greater) {
    return ordered(run, subject, arguments, COMPARE_GREATER, out);
}

TEST_OF(is_greater_or_equal) {
    return ordered(run, subject, arguments, COMPARE_GREATER_EQUAL, out);
}

const struct test tests[] = {
    { "odd", is_odd },
    { "even", is_even },
    { "divisibleby", is_divisible },
    { "defined", is_defined },
    { "undefined", is_undefined },
    { "filter", is_filter },
    { "test", is_test },
    { "none", is_none },
    { "boolean", is_boolean },
    { "false", is_false },
    { "true", is_true },
    { "integer", is_integer },
    { "float", is_float },
    { "lower", is_lower },
    { "upper", is_upper },
    { "string", is_string },
    { "mapping", is_mapping },
    { "number", is_number },
    { "sequence", is_sequence },
    { "iterable", is_iterable },
    { "callable", is_callable },
    { "sameas", is_same },
    { "escaped", is_escaped },
    { "in", is_in },
    { "==", is_equal },
    { "eq", is_equal },
    { "equalto", is_equal },
    { "!=", is_unequal },
    { "ne", is_unequal },
    { ">", is_greater },
    { "gt", is_greater },
    { "greaterthan", is_greater },
    { "ge", is_greater_or_equal },
    { ">=", is_greater_or_equal },
    { "<", is_less },
    { "lt", is_less },
    { "lessthan", is_less },
    { "<=", is_less_or_equal },
    { "le", is_less_or_equal },
    { NULL, NULL },
};
