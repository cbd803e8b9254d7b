/*
 * Words within tags: numbers as Python writes them (underscores, 0x, 0o, 0b, exponents), names, operators,
 * and strings with Python's escapes.
 */
#include "template/syntax/lexer_words.h"
#include "template/values/big.h"
#include "template/values/unicode.h"

#include <stdlib.h>
#include <string.h>

bool lexer_fail(struct lexer *lexer, const char *message) {
    heap_fail(lexer->heap, "%s", message);
    return sy_error_at(lexer->heap->err, "line %d, column %d", lexer->line, lexer->column);
}

int64_t lexer_operator(const struct lexer *lexer, enum token_kind *kind) {
    int64_t best = 0;
    for (enum token_kind each = TOKEN_ADD; each <= TOKEN_SEMICOLON; each++) {
        const char *sign = token_kind_words(each);
        int64_t size = (int64_t)strlen(sign);
        bool fits = size > best && lexer->size - lexer->at >= size &&
                    memcmp(lexer->text + lexer->at, sign, (size_t)size) == 0;
        if (!fits) continue;
        best = size;
        *kind = each;
    }
    return best;
}

/* ---- numbers ---- */

static int digit_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    char low = (char)(c | 0x20);
    return low >= 'a' && low <= 'f' ? low - 'a' + 10 : 99;
}

/* Behind a run of digits, each with an underscore before it if it is not the first (or `under`). */
static int64_t digits_end(const struct lexer *lexer, int64_t at, int base, bool under) {
    for (;;) {
        int64_t next = at + (under && at < lexer->size && lexer->text[at] == '_');
        if (next >= lexer->size || digit_value(lexer->text[next]) >= base) return at;
        at = next + 1;
        under = true;
    }
}

/* Behind a float at `at`, or 0. */
static int64_t float_end(const struct lexer *lexer, int64_t at) {
    if (at > 0 && lexer->text[at - 1] == '.') return 0;
    int64_t end = digits_end(lexer, at, 10, false), whole = end;
    if (end == at) return 0;
    if (end < lexer->size && lexer->text[end] == '.') {
        int64_t fraction = digits_end(lexer, end + 1, 10, false);
        if (fraction > end + 1) end = fraction;
    }
    if (end < lexer->size && (lexer->text[end] | 0x20) == 'e') {
        int64_t sign = end + 1;
        if (sign < lexer->size && (lexer->text[sign] == '+' || lexer->text[sign] == '-')) sign++;
        int64_t exponent = digits_end(lexer, sign, 10, false);
        if (exponent > sign) return exponent;
    }
    return end > whole ? end : 0;
}

static int64_t integer_end(const struct lexer *lexer, int64_t at, int *base) {
    char first = lexer->text[at], second = at + 1 < lexer->size ? (char)(lexer->text[at + 1] | 0x20) : 0;
    *base = first != '0' ? 10 : second == 'b' ? 2 : second == 'o' ? 8 : second == 'x' ? 16 : 10;
    if (*base != 10) {
        int64_t end = digits_end(lexer, at + 2, *base, true);
        if (end > at + 2) return end;
        *base = 10;
    }
    if (first == '0') return digits_end(lexer, at, 1, false); /* 0 and more 0 */
    return digits_end(lexer, at, 10, false);
}

bool lexer_number(struct lexer *lexer, enum token_kind *kind, struct value *value, int64_t *end) {
    int64_t at = lexer->at, count = 0;
    int base = 10;
    *end = 0;
    if (digit_value(lexer->text[at]) > 9) return true;
    int64_t behind = float_end(lexer, at);
    *kind = behind ? TOKEN_FLOAT : TOKEN_INTEGER;
    if (!behind) behind = integer_end(lexer, at, &base);
    char *digits = heap_take(lexer->heap, behind - at + 1);
    if (!digits) return false;
    if (*kind == TOKEN_INTEGER && base != 10) at += 2;
    for (; at < behind; at++)
        if (lexer->text[at] != '_') digits[count++] = lexer->text[at];
    digits[count] = 0;
    *end = behind;
    if (*kind == TOKEN_INTEGER) return integer_from_digits(lexer->heap, digits, count, base, false, value);
    *value = value_float(strtod(digits, NULL));
    return true;
}

/* ---- names ---- */

bool lexer_name(struct lexer *lexer, enum token_kind *kind, struct value *value, int64_t *end) {
    int64_t at = lexer->at, bytes;
    *kind = TOKEN_NAME;
    *end = 0;
    if (!point_is_name_start(point_at(lexer->text + at, &bytes))) return true;
    while (at < lexer->size && point_is_name(point_at(lexer->text + at, &bytes))) at += bytes;
    *end = at;
    return value_string_of(lexer->heap, lexer->text + lexer->at, at - lexer->at, -1, value);
}

/* ---- strings ---- */

/* Up to `most` digits of `base`; how many there were. */
static int escape_digits(const char *at, const char *end, int base, int most, uint32_t *point) {
    int count = 0;
    for (*point = 0; count < most && at + count < end && digit_value(at[count]) < base; count++)
        *point = *point * (uint32_t)base + (uint32_t)digit_value(at[count]);
    return count;
}

/* \x41, A, \U0001f600: all their digits are wanted. */
static bool hex_escape(struct lexer *lexer, const char **at, const char *end, int digits,
                       struct buffer *out) {
    uint32_t point;
    if (escape_digits(*at + 1, end, 16, digits, &point) < digits)
        return lexer_fail(lexer, digits == 2   ? "truncated \\xXX escape"
                                 : digits == 4 ? "truncated \\uXXXX escape"
                                               : "truncated \\UXXXXXXXX escape");
    if (point > 0x10ffff) return lexer_fail(lexer, "illegal Unicode character");
    *at += 1 + digits;
    return buffer_point(lexer->heap, out, point);
}

/* A backslash before a character beyond ASCII: jinja2 has made that an escape of its own by then, whose
 * backslash this one quotes. */
static bool quoted_escape(struct lexer *lexer, const char **at, struct buffer *out) {
    static const char hex[] = "0123456789abcdef";
    int64_t bytes;
    uint32_t point = point_at(*at, &bytes);
    int digits = point < 0x100 ? 2 : point < 0x10000 ? 4 : 8;
    char text[12] = { '\\', point < 0x100 ? 'x' : point < 0x10000 ? 'u' : 'U' };
    for (int i = 0; i < digits; i++) text[2 + i] = hex[point >> (4 * (digits - 1 - i)) & 15];
    *at += bytes;
    return buffer_add(lexer->heap, out, text, 2 + digits);
}

/* The escape whose letter stands at *at. */
static bool escape(struct lexer *lexer, const char **at, const char *end, struct buffer *out) {
    static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";
    const char *letter = memchr(letters, **at, sizeof letters - 1);
    uint32_t point;
    if (letter) {
        (*at)++;
        return buffer_add(lexer->heap, out, &meanings[letter - letters], 1);
    }
    switch (**at) {
    case '\n': (*at)++; return true;
    case 'x': return hex_escape(lexer, at, end, 2, out);
    case 'u': return hex_escape(lexer, at, end, 4, out);
    case 'U': return hex_escape(lexer, at, end, 8, out);
    case 'N': return lexer_fail(lexer, "characters by name (\\N{...}) are not known here");
    default: break;
    }
    int octal = escape_digits(*at, end, 8, 3, &point);
    if (octal > 0) {
        *at += octal;
        return buffer_point(lexer->heap, out, point);
    }
    if ((unsigned char)**at >= 0x80) return quoted_escape(lexer, at, out);
    return buffer_add(lexer->heap, out, "\\", 1); /* no escape: both characters stand */
}

bool lexer_string(struct lexer *lexer, enum token_kind *kind, struct value *value, int64_t *end) {
    char quote = lexer->text[lexer->at];
    struct buffer text = { 0 };
    *kind = TOKEN_STRING;
    *end = 0;
    if (quote != '\'' && quote != '"') return true;
    int64_t close = lexer->at + 1;
    while (close < lexer->size && lexer->text[close] != quote) close += lexer->text[close] == '\\' ? 2 : 1;
    if (close >= lexer->size) return lexer_fail(lexer, "unexpected char: a string that does not end");
    const char *at = lexer->text + lexer->at + 1, *stop = lexer->text + close;
    while (at < stop) {
        const char *plain = at;
        while (at < stop && *at != '\\') at++;
        if (!buffer_add(lexer->heap, &text, plain, at - plain)) return false;
        if (at < stop && (++at, !escape(lexer, &at, stop, &text))) return false;
    }
    *end = close + 1;
    return value_buffer(lexer->heap, &text, value);
}
