/*
 * The state of reading one pattern, and the small steps of it, that translate.c (sequences, groups, repeats)
 * and class.c (what stands for one character) take alike.
 */
#ifndef TEXT_PATTERN_READER_H
#define TEXT_PATTERN_READER_H

#include "base/error.h"
#include "base/utf8.h"
#include "text/pattern/dialect.h"
#include <stdint.h>

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

#endif
