/*
 * Integers of any size against 128-bit arithmetic, and against laws where those end.
 */
#include "base/random.h"
#include "template/values/big.h"
#include "template/values/number_text.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef __int128 wide;

static struct heap heap;
static struct sy_error err;

static void open_heap(void) {
    heap_open(&heap, (int64_t)1 << 30, INT64_MAX, 100, &err);
}

/* A value from 128 bits, by way of 2^32. */
static struct value of_wide(wide number) {
    struct value value = value_int(0), unit, limb;
    bool negative = number < 0;
    unsigned __int128 size = negative ? -(unsigned __int128)number : (unsigned __int128)number;
    assert_true(integer_power(&heap, value_int(2), 32, &unit));
    for (int i = 3; i >= 0; i--) {
        limb = value_int((int64_t)(uint32_t)(size >> (32 * i)));
        assert_true(integer_multiply(&heap, value, unit, &value) && integer_add(&heap, value, limb, &value));
    }
    if (negative) assert_true(integer_negate(&heap, value, &value));
    return value;
}

static void assert_wide(struct value value, wide want) {
    struct value other = of_wide(want);
    assert_int_equal(integer_compare(value, other), 0);
    assert_true((want >= INT64_MIN && want <= INT64_MAX) == (value.type == VALUE_INT));
}

/* Of 1 to 63 bits, with ends of ranges among them. */
static int64_t any(struct random *random) {
    static const int64_t ends[] = {
        0, 1, -1, INT64_MAX, INT64_MIN, INT64_MIN + 1, 1ll << 32, -(1ll << 32), (1ll << 32) - 1
    };
    if (random_below(random, 4) == 0) return ends[random_below(random, 9)];
    return (int64_t)(random_u64(random) >> random_below(random, 63));
}

static wide floor_of(wide a, wide b) {
    wide quotient = a / b;
    return quotient * b != a && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

TEST(integers_agree_with_128_bits) {
    struct random random = random_seed(7);
    open_heap();
    for (int i = 0; i < 20000; i++) {
        int64_t x = any(&random), y = any(&random), z = any(&random);
        struct value a = value_int(x), b = value_int(y), out, rest;
        assert_true(integer_add(&heap, a, b, &out));
        assert_wide(out, (wide)x + y);
        assert_true(integer_subtract(&heap, a, b, &out));
        assert_wide(out, (wide)x - y);
        assert_true(integer_multiply(&heap, a, b, &out));
        wide product = (wide)x * y;
        assert_wide(out, product);
        if (z == 0) continue;
        assert_true(integer_divide(&heap, out, value_int(z), &out, &rest));
        assert_wide(out, floor_of(product, z));
        assert_wide(rest, product - floor_of(product, z) * z);
    }
    heap_close(&heap);
}

static struct value large(struct random *random) {
    struct value value = value_int(any(random)), more;
    for (size_t i = random_below(random, 12); i > 0; i--) {
        assert_true(integer_multiply(&heap, value, value_int(any(random) | 1), &value));
        assert_true(integer_add(&heap, value, value_int(any(random)), &more));
        value = more;
    }
    return value;
}

TEST(large_integers_keep_the_laws) {
    struct random random = random_seed(8);
    open_heap();
    for (int i = 0; i < 5000; i++) {
        struct value a = large(&random), b = large(&random), q, r, back;
        if (integer_sign(b) == 0) continue;
        assert_true(integer_divide(&heap, a, b, &q, &r));
        assert_true(integer_multiply(&heap, q, b, &back) && integer_add(&heap, back, r, &back));
        assert_int_equal(integer_compare(back, a), 0);
        assert_true(integer_sign(r) == 0 || integer_sign(r) == integer_sign(b));
        struct value sum, product, square = { 0 }, twice;
        assert_true(integer_add(&heap, a, b, &sum) && integer_multiply(&heap, sum, sum, &square));
        assert_true(integer_multiply(&heap, a, b, &product) && integer_add(&heap, product, product, &twice));
        struct value aa, bb = { 0 };
        assert_true(integer_multiply(&heap, a, a, &aa) && integer_multiply(&heap, b, b, &bb));
        assert_true(integer_add(&heap, aa, bb, &aa) && integer_add(&heap, aa, twice, &aa));
        assert_int_equal(integer_compare(aa, square), 0);
    }
    heap_close(&heap);
}

/* A quotient's digit that is guessed one too high is rare: Hacker's Delight, section 9-2, has numbers. */
TEST(division_takes_back_a_digit_too_high) {
    static const struct {
        const char *a, *b;
    } cases[] = { { "7fffffff800000000000000000000000", "800000000000000000000001" },
                  { "800000000000000000000003", "200000000000000000000001" },
                  { "8000000000000000fffffffe00000000", "80000000000000000000ffff" } };
    open_heap();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct value a, b, q, r, back;
        assert_true(integer_from_digits(&heap, cases[i].a, (int64_t)strlen(cases[i].a), 16, false, &a));
        assert_true(integer_from_digits(&heap, cases[i].b, (int64_t)strlen(cases[i].b), 16, false, &b));
        assert_true(integer_divide(&heap, a, b, &q, &r));
        assert_true(integer_multiply(&heap, q, b, &back) && integer_add(&heap, back, r, &back));
        assert_int_equal(integer_compare(back, a), 0);
        assert_true(integer_sign(r) >= 0 && integer_compare(r, b) < 0);
    }
    heap_close(&heap);
}

TEST(integers_are_read_as_they_are_printed) {
    struct random random = random_seed(9);
    open_heap();
    for (int i = 0; i < 3000; i++) {
        static const int bases[] = { 2, 8, 10, 16 };
        int base = bases[i % 4];
        struct value a = large(&random), back;
        struct buffer text = { 0 };
        assert_true(integer_digits(&heap, a, base, &text));
        assert_true(integer_from_digits(&heap, text.data, text.size, base, integer_sign(a) < 0, &back));
        assert_int_equal(integer_compare(a, back), 0);
    }
    heap_close(&heap);
}

TEST(integers_and_doubles) {
    struct random random = random_seed(10);
    int order;
    open_heap();
    for (int i = 0; i < 5000; i++) {
        double real = ldexp((double)(int64_t)random_u64(&random), (int)random_below(&random, 200));
        struct value whole, above;
        assert_true(integer_from_double(&heap, real, &whole));
        double back;
        assert_true(integer_to_double(&heap, whole, &back));
        assert_true(back == real);
        assert_true(integer_compare_double(&heap, whole, real, &order));
        assert_int_equal(order, 0);
        assert_true(integer_add(&heap, whole, value_int(1), &above));
        assert_true(integer_compare_double(&heap, above, real, &order));
        assert_int_equal(order, 1);
    }
    /* Ties go to even, as one bit more decides. */
    struct value tie, one = value_int(1);
    double real;
    assert_true(integer_power(&heap, value_int(2), 80, &tie));
    struct value half;
    assert_true(integer_power(&heap, value_int(2), 27, &half) && integer_add(&heap, tie, half, &tie));
    assert_true(integer_to_double(&heap, tie, &real));
    assert_true(real == 0x1p80);
    assert_true(integer_add(&heap, tie, one, &tie) && integer_to_double(&heap, tie, &real));
    assert_true(real == 0x1.0000000000001p80);
    heap_close(&heap);
}

TEST(floats_are_printed_as_python_prints_them) {
    static const struct {
        double real;
        const char *text;
    } cases[] = { { 0.1, "0.1" },
                  { 1.0, "1.0" },
                  { -0.0, "-0.0" },
                  { 1e16, "1e+16" },
                  { 1e15, "1000000000000000.0" },
                  { 1e-4, "0.0001" },
                  { 1e-5, "1e-05" },
                  { 5e-324, "5e-324" },
                  { 1.7976931348623157e308, "1.7976931348623157e+308" },
                  { 123456789.125, "123456789.125" },
                  { 1.0 / 3, "0.3333333333333333" },
                  { 9007199254740993.0, "9007199254740992.0" } };
    char text[FLOAT_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_string_equal(float_repr(cases[i].real, text), cases[i].text);
    struct random random = random_seed(11);
    for (int i = 0; i < 50000; i++) {
        uint64_t bits = random_u64(&random);
        double real;
        memcpy(&real, &bits, sizeof real);
        if (!isfinite(real)) continue;
        assert_true(strtod(float_repr(real, text), NULL) == real);
    }
}
