/*
 * Classes of characters that pre-tokenisers ask for by name instead of by pattern. Unicode's categories are
 * utf8proc's; what Rust calls white space, alphabetic and punctuation is spelled out in char_class.c.
 */
#ifndef TEXT_CHAR_CLASS_H
#define TEXT_CHAR_CLASS_H

#include <stdbool.h>
#include <stdint.h>

typedef bool char_class(uint32_t point, const void *argument);

char_class char_is_space;       /* White_Space */
char_class char_is_number;      /* Nd, Nl, No */
char_class char_is_punctuation; /* ASCII's own, and P* */
char_class char_is_word;        /* \w: alphabetic, marks, Nd, Pc, joiners */
char_class char_is;             /* the uint32_t that argument points to */

#endif
