/*
 * Characters as Python's str sees them. General categories and simple case mappings are utf8proc's; the rest
 * is in unicode_tables.h. Debian 12's utf8proc knows Unicode 15 where Python 3.11 knows 14: characters that
 * came between the two count as assigned here.
 */
#include "template/values/unicode.h"
#include "template/values/unicode_tables.h"

#include <stddef.h>
#include <utf8proc.h>

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

int64_t point_encode(uint32_t point, char bytes[4]) {
    if (point < 0x80) {
        bytes[0] = (char)point;
        return 1;
    }
    int64_t count = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (int64_t i = count - 1; i > 0; i--, point >>= 6) bytes[i] = (char)(0x80 | (point & 0x3f));
    static const unsigned char lead[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    bytes[0] = (char)(lead[count] | point);
    return count;
}

uint32_t point_at(const char *text, int64_t *bytes) {
    const unsigned char *at = (const unsigned char *)text;
    *bytes = point_bytes(text);
    uint32_t point = *bytes == 1 ? at[0] : at[0] & (0x7fu >> *bytes);
    for (int64_t i = 1; i < *bytes; i++) point = point << 6 | (at[i] & 0x3f);
    return point;
}

int64_t points_count(const char *text, int64_t size) {
    int64_t count = 0;
    for (int64_t i = 0; i < size; i++) count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

static bool in_ranges(const struct point_range *ranges, size_t count, uint32_t point) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && point >= ranges[low].first;
}

static utf8proc_category_t category(uint32_t point) {
    return utf8proc_category((utf8proc_int32_t)point);
}

bool point_is_space(uint32_t point) {
    if (point < 0x80) return (point >= 9 && point <= 13) || (point >= 28 && point <= 32);
    return point == 0x85 || point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200a) ||
           point == 0x2028 || point == 0x2029 || point == 0x202f || point == 0x205f || point == 0x3000;
}

bool point_is_line_break(uint32_t point) {
    return (point >= 10 && point <= 13) || (point >= 28 && point <= 30) || point == 0x85 || point == 0x2028 ||
           point == 0x2029;
}

bool point_is_alpha(uint32_t point) {
    if (point < 0x80) return (point | 0x20) >= 'a' && (point | 0x20) <= 'z';
    utf8proc_category_t kind = category(point);
    return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_LO;
}

bool point_is_decimal(uint32_t point) {
    if (point < 0x80) return point >= '0' && point <= '9';
    return category(point) == UTF8PROC_CATEGORY_ND;
}

bool point_is_digit(uint32_t point) {
    return point_is_decimal(point) || in_ranges(digits_beside_nd, COUNT(digits_beside_nd), point);
}

bool point_is_numeric(uint32_t point) {
    if (point < 0x80) return point >= '0' && point <= '9';
    utf8proc_category_t kind = category(point);
    return (kind >= UTF8PROC_CATEGORY_ND && kind <= UTF8PROC_CATEGORY_NO) ||
           in_ranges(numeric_beside_n, COUNT(numeric_beside_n), point);
}

bool point_is_printable(uint32_t point) {
    if (point < 0x80) return point >= 0x20 && point != 0x7f;
    utf8proc_category_t kind = category(point);
    return kind != UTF8PROC_CATEGORY_CN && kind < UTF8PROC_CATEGORY_ZS;
}

bool point_is_word(uint32_t point) {
    return point == '_' || point_is_alpha(point) || point_is_numeric(point);
}

bool point_is_name_start(uint32_t point) {
    return point == '_' || point_is_alpha(point) ||
           (point >= 0x80 && category(point) == UTF8PROC_CATEGORY_NL);
}

bool point_is_name(uint32_t point) {
    if (point_is_name_start(point) || point_is_decimal(point)) return true;
    if (point < 0x80) return false;
    utf8proc_category_t kind = category(point);
    return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_MC || kind == UTF8PROC_CATEGORY_PC ||
           point == 0xb7 || point == 0x387 || point == 0x19da || (point >= 0x1369 && point <= 0x1371);
}

bool point_is_lower(uint32_t point) {
    if (point < 0x80) return point >= 'a' && point <= 'z';
    return category(point) == UTF8PROC_CATEGORY_LL ||
           in_ranges(lower_beside_ll, COUNT(lower_beside_ll), point);
}

bool point_is_upper(uint32_t point) {
    if (point < 0x80) return point >= 'A' && point <= 'Z';
    return category(point) == UTF8PROC_CATEGORY_LU ||
           in_ranges(upper_beside_lu, COUNT(upper_beside_lu), point);
}

bool point_is_title(uint32_t point) {
    return point >= 0x80 && category(point) == UTF8PROC_CATEGORY_LT;
}

bool point_is_cased(uint32_t point) {
    return point_is_lower(point) || point_is_upper(point) || point_is_title(point);
}

bool point_is_case_ignorable(uint32_t point) {
    static const uint32_t marks[] = { 0x27,   0x2e,   0x3a,   0xb7,   0x387,  0x55f,  0x5f4,  0x2018, 0x2019,
                                      0x2024, 0x2027, 0xfe13, 0xfe52, 0xfe55, 0xff07, 0xff0e, 0xff1a };
    for (size_t i = 0; i < COUNT(marks); i++)
        if (marks[i] == point) return true;
    utf8proc_category_t kind = category(point);
    return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
           kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK;
}

static const struct point_cases *cases_of(uint32_t point) {
    size_t low = 0, high = COUNT(point_cases);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (point > point_cases[middle].point)
            low = middle + 1;
        else
            high = middle;
    }
    return low < COUNT(point_cases) && point_cases[low].point == point ? &point_cases[low] : NULL;
}

static int fold(uint32_t point, uint32_t out[3]) {
    utf8proc_int32_t folded[8];
    int boundary = 0;
    utf8proc_ssize_t count =
        utf8proc_decompose_char((utf8proc_int32_t)point, folded, 8, UTF8PROC_CASEFOLD, &boundary);
    if (count < 1 || count > 3) {
        out[0] = point;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < count; i++) out[i] = (uint32_t)folded[i];
    return (int)count;
}

int point_case(uint32_t point, enum letter_case wanted, uint32_t out[3]) {
    if (point < 0x80) {
        bool lower = wanted == CASE_LOWER || wanted == CASE_FOLD;
        bool other = point_is_alpha(point) && ((point & 0x20) != 0) != lower;
        out[0] = other ? point ^ 0x20 : point;
        return 1;
    }
    if (wanted == CASE_FOLD) return fold(point, out);
    const struct point_cases *cases = cases_of(point);
    if (cases) {
        const uint32_t *mapped = wanted == CASE_UPPER   ? cases->upper
                                 : wanted == CASE_LOWER ? cases->lower
                                                        : cases->title;
        int count = 0;
        for (; count < 3 && mapped[count]; count++) out[count] = mapped[count];
        return count;
    }
    utf8proc_int32_t simple = (utf8proc_int32_t)point;
    out[0] = (uint32_t)(wanted == CASE_UPPER   ? utf8proc_toupper(simple)
                        : wanted == CASE_LOWER ? utf8proc_tolower(simple)
                                               : utf8proc_totitle(simple));
    return 1;
}

int point_digit(uint32_t point) {
    if (point < 0x80) return point >= '0' && point <= '9' ? (int)point - '0' : -1;
    if (!point_is_decimal(point)) return -1;
    /* Decimal digits come in runs of ten that begin at a multiple of 10 from some zero: count back to it. */
    int value = 0;
    if (point >= 0x1d7ce && point <= 0x1d7ff) return (int)((point - 0x1d7ce) % 10);
    while (value < 9 && point_is_decimal(point - (uint32_t)value - 1)) value++;
    return value;
}
