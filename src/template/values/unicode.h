/*
 * Characters as Python's str sees them: code points 0 to U+10FFFF, lone surrogates included (they may be
 * written as escapes, though never printed). Text is UTF-8, with surrogates in the same scheme.
 */
#ifndef TEMPLATE_VALUES_UNICODE_H
#define TEMPLATE_VALUES_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

int64_t point_encode(uint32_t point, char bytes[4]); /* how many bytes */
/* The character at `text`; the text must be well-formed. */
uint32_t point_at(const char *text, int64_t *bytes);
static inline int64_t point_bytes(const char *text) {
    unsigned char first = (unsigned char)text[0];
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}
static inline int64_t point_bytes_before(const char *text) { /* of the character that ends at `text` */
    int64_t count = 1;
    while (((unsigned char)text[-count] & 0xc0) == 0x80) count++;
    return count;
}
int64_t points_count(const char *text, int64_t size);

/* str.isspace, isalpha, isdecimal, isdigit, isnumeric, isprintable of one character; and of names. */
bool point_is_space(uint32_t point);
bool point_is_alpha(uint32_t point);
bool point_is_decimal(uint32_t point);
bool point_is_digit(uint32_t point);
bool point_is_numeric(uint32_t point);
bool point_is_printable(uint32_t point);
bool point_is_word(uint32_t point); /* \w of re: letters, digits, _ */
bool point_is_name_start(uint32_t point);
bool point_is_name(uint32_t point);
bool point_is_line_break(uint32_t point); /* where str.splitlines splits */
bool point_is_upper(uint32_t point);
bool point_is_lower(uint32_t point);
bool point_is_title(uint32_t point);

enum letter_case { CASE_UPPER, CASE_LOWER, CASE_TITLE, CASE_FOLD };
/* The full mapping of one character: up to three. Lower case of sigma at a word's end is the caller's. */
int point_case(uint32_t point, enum letter_case wanted, uint32_t out[3]);
bool point_is_cased(uint32_t point);
bool point_is_case_ignorable(uint32_t point);
int point_digit(uint32_t point); /* value of a decimal digit of any script; -1 */

#endif
