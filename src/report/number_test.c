#include "report/number.h"
#include "test.h"

#include <math.h>
#include <string.h>

static char got[NUMBER_TEXT];

TEST(counts_have_three_digits_and_a_unit) {
    assert_string_equal(number_count(0, got), "0");
    assert_string_equal(number_count(999, got), "999");
    assert_string_equal(number_count(1000, got), "1.00 K");
    assert_string_equal(number_count(999499, got), "999 K");
    assert_string_equal(number_count(999500, got), "1.00 M");
    assert_string_equal(number_count(46702792704, got), "46.7 B");
    assert_string_equal(number_count(671026419200, got), "671 B");
    assert_string_equal(number_count(INT64_MAX, got), "9223372 T");
}

TEST(exact_counts_are_grouped_by_thousands) {
    assert_string_equal(number_exact(0, got), "0");
    assert_string_equal(number_exact(999, got), "999");
    assert_string_equal(number_exact(1000, got), "1,000");
    assert_string_equal(number_exact(46702792704, got), "46,702,792,704");
    assert_string_equal(number_exact(INT64_MAX, got), "9,223,372,036,854,775,807");
    assert_string_equal(number_exact(INT64_MIN, got), "-9,223,372,036,854,775,808");
}

TEST(bytes_are_powers_of_1024) {
    assert_string_equal(number_bytes(17, got), "17 bytes");
    assert_string_equal(number_bytes(1536, got), "1.50 KiB");
    assert_string_equal(number_bytes((int64_t)5 << 30, got), "5.00 GiB");
    assert_string_equal(number_bytes(1023 * 1024, got), "1.00 MiB");
}

TEST(rates_are_decimal) {
    assert_string_equal(number_rate(31.4e9, "B/s", got), "31.4 GB/s");
    assert_string_equal(number_rate(12.34, "tok/s", got), "12.3 tok/s");
    assert_string_equal(number_rate(0, "tok/s", got), "0.00 tok/s");
    assert_string_equal(number_rate(2345, "tok/s", got), "2345 tok/s");
    assert_string_equal(number_rate(12345.6, "tok/s", got), "12,346 tok/s");
    assert_string_equal(number_rate(0.0234, "tok/s", got), "0.023 tok/s");
    assert_string_equal(number_rate(0.00234, "tok/s", got), "0.0023 tok/s");
    assert_string_equal(number_rate(0.1, "tok/s", got), "0.10 tok/s");
    assert_string_equal(number_rate(NAN, "tok/s", got), "0.00 tok/s");
}

TEST(times_change_their_unit) {
    assert_string_equal(number_seconds(0.0005, got), "0.50 ms");
    assert_string_equal(number_seconds(5e-6, got), "5.00 us");
    assert_string_equal(number_seconds(0.34, got), "340 ms");
    assert_string_equal(number_seconds(12.34, got), "12.3 s");
    assert_string_equal(number_seconds(245, got), "4 min 05 s");
    assert_string_equal(number_seconds(59.97, got), "1 min 00 s");
    assert_string_equal(number_seconds(7800, got), "2 h 10 min");
    assert_string_equal(number_seconds(-1, got), "0.00 ms");
}

TEST(a_share_of_nothing_is_a_dash) {
    assert_string_equal(number_share(1, 8, got), "12.5 %");
    assert_string_equal(number_share(0, 0, got), "-");
}
