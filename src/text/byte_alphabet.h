/*
 * The byte alphabet of GPT-2: each of the 256 bytes as one visible character, so that byte-level pieces can
 * stand in a JSON file. Printable Latin-1 stands for itself, the other 68 bytes, in order, for U+0100 and on.
 *
 * Source: openai/gpt-2, src/encoder.py, bytes_to_unicode.
 */
#ifndef TEXT_BYTE_ALPHABET_H
#define TEXT_BYTE_ALPHABET_H

#include <stdint.h>

#define BYTE_ALPHABET_END 0x144 /* one past its last character */

/* The character of a byte. */
uint32_t byte_to_point(unsigned char byte);
/* The byte of a character; -1: not of the alphabet. */
int point_to_byte(uint32_t point);
/* A piece in the alphabet to the bytes that it spells, out[0..size): how many; -1 when a character is none of
 * the alphabet or the text is no UTF-8. */
int64_t byte_alphabet_decode(const char *text, int64_t size, char *out);

#endif
