/*
 * What stands for one character in a pattern: an escape, or a class.
 */
#ifndef TEXT_PATTERN_CLASS_H
#define TEXT_PATTERN_CLASS_H

#include "text/pattern/reader.h"
#include "text/pattern/set.h"

/* One character's worth. Either a set, or (*wide) what no set can say, written to `text`. */
struct pattern_unit {
    struct pattern_set set;
    bool wide;
    struct text text; /* the caller's to free */
};

/* At '[': a class. At '\': an escape that stands for one character, in or out of a class; *is_unit = false,
 * nothing read, for the others. */
SY_MUST_CHECK bool reader_class(struct pattern_reader *reader, struct pattern_unit *unit);
SY_MUST_CHECK bool reader_escape(struct pattern_reader *reader, bool in_class, struct pattern_unit *unit,
                                 bool *is_unit);
void unit_write(const struct pattern_unit *unit, struct text *out);

/* The set of \w, which each dialect defines its own way (Oniguruma in two ways). */
struct pattern_set reader_word_set(const struct pattern_reader *reader, bool in_class);

#endif
