/*
 * What string methods and text filters share. `bytes` and places are code points unless a name says bytes.
 */
#ifndef TEMPLATE_VALUES_TEXT_TOOLS_H
#define TEMPLATE_VALUES_TEXT_TOOLS_H

#include "template/values/unicode.h"
#include "template/values/value.h"

SY_MUST_CHECK bool text_case(struct heap *heap, const struct string *text, enum letter_case wanted,
                             struct value *out);
SY_MUST_CHECK bool text_capitalize(struct heap *heap, const struct string *text, struct value *out);
/* Appends [from, to) bytes of text in another case; a sigma looks at the whole text. */
SY_MUST_CHECK bool text_case_part(struct heap *heap, const struct string *text, int64_t from, int64_t to,
                                  enum letter_case wanted, struct buffer *out);

enum { STRIP_LEFT = 1, STRIP_RIGHT = 2, STRIP_BOTH = 3 };
/* chars: NULL strips white space. */
SY_MUST_CHECK bool text_strip(struct heap *heap, const struct string *text, const struct string *chars,
                              int sides, struct value *out);
/* count: -1 for all. */
SY_MUST_CHECK bool text_replace(struct heap *heap, const struct string *text, const struct string *from,
                                const struct string *to, int64_t count, struct value *out);

enum { PAD_LEFT = 1, PAD_RIGHT = 2, PAD_BOTH = 3 }; /* where what is added goes */
SY_MUST_CHECK bool text_pad(struct heap *heap, const struct string *text, int64_t width,
                            const struct string *fill, int where, struct value *out);
SY_MUST_CHECK bool text_lines(struct heap *heap, const struct string *text, bool keep_ends,
                              struct values *out);
/* At runs of white space; count: -1 for all. */
SY_MUST_CHECK bool text_words(struct heap *heap, const struct string *text, int64_t count,
                              struct values *out);

SY_MUST_CHECK bool string_bytes(struct heap *heap, const struct string *text, int64_t from, int64_t to,
                                struct value *out); /* a part by bytes, shared */
/* Lower case where it is a string and case does not count. */
SY_MUST_CHECK bool fold_case(struct heap *heap, struct value value, bool case_sensitive, struct value *out);

#endif
