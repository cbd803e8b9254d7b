/*
 * Unicode's normal forms (UAX 15), of text that is mostly in them already; as of Unicode 9.0, by which
 * Hugging Face's tokenizers, and so what models were trained on, normalise. Characters that came later are
 * left alone.
 */
#ifndef TEXT_UNICODE_FORM_H
#define TEXT_UNICODE_FORM_H

#include "base/error.h"
#include "base/json.h"
#include "base/utf8.h"
#include <stdint.h>

enum unicode_form { FORM_NFC, FORM_NFD, FORM_NFKC, FORM_NFKD };

/* Appends the normal form of valid UTF-8 text. Time in proportion to its length, whatever it holds. */
SY_MUST_CHECK bool unicode_form_add(enum unicode_form form, const char *text, int64_t size, struct text *out,
                                    struct sy_error *err);

/* Did this mark, format or composite come after Unicode 9.0? */
bool unicode_is_newer(uint32_t point);
/* Did this mark or format come with Unicode 9.0 itself? */
bool unicode_is_of_9(uint32_t point);

/* The character at *at < size, and *at behind it. Text should be valid: a byte that is not is U+FFFD. */
static inline uint32_t text_next(const char *text, int64_t size, int64_t *at) {
    uint32_t point = 0xfffd;
    size_t length = utf8_decode(text + *at, (size_t)(size - *at), &point);
    *at += length > 0 ? (int64_t)length : 1;
    return point;
}

/* Appends one character. */
void utf8_add(struct text *out, uint32_t point);

#endif
