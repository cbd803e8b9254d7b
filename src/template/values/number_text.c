/*
 * Numbers to text and back.
 *
 * The shortest digits are found by trying: of the correctly rounded decimals of 1 to 17 digits, the first
 * that reads back as the same double is what David Gay's dtoa gives in mode 0. Python then writes an exponent
 * where the first digit stands at 10^-5 or lower, or at 10^16 or higher.
 */
#include "template/values/number_text.h"
#include "template/values/big.h"
#include "template/values/unicode.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *float_repr(double real, char text[FLOAT_TEXT]) {
    char digits[FLOAT_TEXT];
    if (!isfinite(real)) {
        snprintf(text, FLOAT_TEXT, "%s", isnan(real) ? "nan" : real < 0 ? "-inf" : "inf");
        return text;
    }
    int precision = 0;
    do snprintf(digits, sizeof digits, "%.*e", precision, real);
    while (strtod(digits, NULL) != real && ++precision < 17);
    int exponent = atoi(strchr(digits, 'e') + 1);
    if (exponent < -4 || exponent >= 16)
        snprintf(text, FLOAT_TEXT, "%.*e", precision, real); /* glibc writes e-05 as Python does */
    else
        snprintf(text, FLOAT_TEXT, "%.*f", precision - exponent > 1 ? precision - exponent : 1, real);
    return text;
}

/* ---- from text ---- */

/* The text without space around, as ASCII: digits of other scripts become 0 to 9. False where other
 * characters are in it, or more than `room` of them. */
static bool plain_digits(const struct string *text, char *out, int64_t room, int64_t *count) {
    const char *at = text->data, *end = at + text->size;
    int64_t bytes;
    while (at < end && point_is_space(point_at(at, &bytes))) at += bytes;
    while (end > at && point_is_space(point_at(end - point_bytes_before(end), &bytes))) end -= bytes;
    for (*count = 0; at < end; at += bytes) {
        uint32_t point = point_at(at, &bytes);
        int digit = point_digit(point);
        if ((point >= 0x80 && digit < 0) || *count == room) return false;
        out[(*count)++] = digit >= 0 ? (char)('0' + digit) : (char)point;
    }
    return true;
}

static int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'z' ? low - 'a' + 10 : 99;
}

/* Past "0x" and the like. */
static void skip_prefix(const char **at, const char *end, int64_t *base) {
    if (end - *at < 2 || **at != '0') {
        if (*base == 0) *base = 10;
        return;
    }
    char letter = (char)((*at)[1] | 0x20);
    int64_t named = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 0;
    if (named && (*base == 0 || *base == named)) {
        *base = named;
        *at += 2;
        if (*at < end && **at == '_') (*at)++;
    } else if (*base == 0) {
        *base = -10; /* only zeros may follow */
    }
}

/* Takes the underscores out; false unless each stands between two digits. */
static bool join_digits(const char *at, const char *end, int64_t base, char *out, int64_t *count) {
    bool digit_before = false;
    for (*count = 0; at < end; at++) {
        bool under = *at == '_';
        if (under ? !digit_before : digit_of(*at) >= base) return false;
        if (!under) out[(*count)++] = *at;
        digit_before = !under;
    }
    return digit_before;
}

bool integer_parse(struct heap *heap, const struct string *text, int64_t base, bool *fits,
                   struct value *out) {
    *fits = false;
    if (base != 0 && (base < 2 || base > 36)) return true; /* a ValueError as well */
    char *digits = heap_take(heap, text->size + 1);
    int64_t count;
    if (!digits || !heap_copy_work(heap, text->size * 4)) return false;
    if (!plain_digits(text, digits, text->size, &count) || count == 0) return true;
    const char *at = digits, *end = digits + count;
    bool negative = *at == '-';
    at += *at == '-' || *at == '+';
    skip_prefix(&at, end, &base);
    bool zeros_only = base < 0;
    if (zeros_only) base = 10;
    if (!join_digits(at, end, base, digits, &count)) return true;
    for (int64_t i = 0; zeros_only && i < count; i++)
        if (digits[i] != '0') return true;
    if (count > BIG_DIGITS_MAX && (base & (base - 1)) != 0) return true; /* Python raises a ValueError */
    *fits = true;
    return integer_from_digits(heap, digits, count, (int)base, negative, out);
}

/* digits [. digits] [e digits] or inf, infinity, nan: what float() takes, but not what only strtod does. */
static bool is_float(const char *text) {
    if (*text == '-' || *text == '+') text++;
    const char *words[] = { "inf", "infinity", "nan" };
    for (int i = 0; i < 3; i++)
        if (strcasecmp(text, words[i]) == 0) return true;
    size_t whole = strspn(text, "0123456789"), fraction = 0;
    text += whole;
    if (*text == '.') {
        fraction = strspn(text + 1, "0123456789");
        text += 1 + fraction;
    }
    if (whole + fraction == 0) return false;
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '-' || text[1] == '+');
        size_t exponent = strspn(text, "0123456789");
        if (exponent == 0) return false;
        text += exponent;
    }
    return *text == 0;
}

bool float_parse(struct heap *heap, const struct string *text, bool *fits, double *out) {
    *fits = false;
    char *plain = heap_take(heap, text->size + 1);
    int64_t count, kept = 0;
    if (!plain || !heap_copy_work(heap, text->size * 16)) return false;
    if (!plain_digits(text, plain, text->size, &count)) return true;
    for (int64_t i = 0; i < count; i++) {
        bool between = i > 0 && i + 1 < count && digit_of(plain[i - 1]) < 10 && digit_of(plain[i + 1]) < 10;
        if (plain[i] == 0 || (plain[i] == '_' && !between)) return true;
        if (plain[i] != '_') plain[kept++] = plain[i];
    }
    plain[kept] = 0;
    *fits = is_float(plain);
    if (*fits) *out = strtod(plain, NULL);
    return true;
}

/* ---- rounding ---- */

double float_round(double real, int64_t digits) {
    char text[420];
    if (!isfinite(real) || real == 0 || digits > 330) return real;
    if (digits < -309) return copysign(0.0, real);
    if (digits >= 0) {
        snprintf(text, sizeof text, "%.*f", (int)digits, real); /* correctly rounded, ties to even */
        return digits > 40 ? real : strtod(text, NULL);         /* so small a step that nothing changes */
    }
    /* Digits before the point: as many significant ones as remain. */
    snprintf(text, sizeof text, "%.17e", real);
    int64_t kept = atoi(strchr(text, 'e') + 1) + digits;
    if (kept >= 0) {
        snprintf(text, sizeof text, "%.*e", (int)kept, real);
        return strtod(text, NULL);
    }
    double unit = pow(10, (double)-digits);
    bool up = kept == -1 && fabs(real) > unit / 2; /* a tie goes to even, which is 0 */
    return copysign(up ? unit : 0.0, real);
}
