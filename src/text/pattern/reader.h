/*
 * The state of translating one pattern, shared by the two files that do it: translate.c (sequences,
 * groups, repeats) and class.c (what stands for one character).
 */
#ifndef TEXT_PATTERN_READER_H
#define TEXT_PATTERN_READER_H

#include "base/utf8.h"
#include "text/pattern/pattern.h"
#include "text/pattern/set.h"

struct pattern_reader {
    const char *source;
    int64_t size, at; /* bytes */
    int64_t item;     /* where the construct that is read now begins: for errors */
    enum pattern_dialect dialect;
    bool ignore_case;
    int depth; /* of groups and of classes */
    struct sy_error *err;
};

#define PATTERN_DEPTH_MAX 32

/* The character at reader->at, which is before the end, without moving on. Patterns are UTF-8 throughout. */
static inline uint32_t reader_peek(const struct pattern_reader *reader) {
    uint32_t point = 0;
    utf8_decode(reader->source + reader->at, (size_t)(reader->size - reader->at), &point);
    return point;
}

static inline bool reader_done(const struct pattern_reader *reader) {
    return reader->at >= reader->size;
}

/* The byte `ahead` of the current one; 0 behind the end. */
static inline char reader_byte(const struct pattern_reader *reader, int64_t ahead) {
    return reader->at + ahead < reader->size ? reader->source[reader->at + ahead] : 0;
}

static inline uint32_t reader_take(struct pattern_reader *reader) {
    uint32_t point = 0;
    reader->at +=
        (int64_t)utf8_decode(reader->source + reader->at, (size_t)(reader->size - reader->at), &point);
    return point;
}

/* Does `word` come next? If so, moves behind it. */
bool reader_accept(struct pattern_reader *reader, const char *word);

/* Fails, naming the construct from reader->item to reader->at, and what is the matter with it. */
bool reader_refuse(struct pattern_reader *reader, const char *why);
/* Names the place in an error that is there already. */
bool reader_place(struct pattern_reader *reader);

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
