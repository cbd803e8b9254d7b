/*
 * A vocabulary: ids, how the file spells each, and the bytes that each decodes to. One block of memory holds
 * all bytes; the two spellings of a piece share it where they are the same.
 */
#ifndef TEXT_VOCAB_H
#define TEXT_VOCAB_H

#include "text/token.h"
#include <string.h>

struct piece { /* bytes [at, at + size) of the vocabulary's block */
    uint32_t at, size;
};

/* ---- from bytes to ids ---- */

struct piece_index { /* open addressing; a slot with id -1 is free */
    struct piece_slot {
        uint32_t tag; /* upper half of the hash */
        int32_t id;
    } * slots;
    uint64_t mask;
};

static inline uint64_t piece_word(const char *at, int64_t size) { /* 1 to 8 bytes as a number */
    uint64_t word = 0;
    if (size >= 8) {
        memcpy(&word, at, 8);
    } else if (size >= 4) {
        uint32_t low, high;
        memcpy(&low, at, 4);
        memcpy(&high, at + size - 4, 4);
        word = (uint64_t)high << 32 | low;
    } else {
        word = (uint64_t)(unsigned char)at[0] << 16 | (uint64_t)(unsigned char)at[size / 2] << 8 |
               (unsigned char)at[size - 1];
    }
    return word;
}

/* Multiply and fold, eight bytes at a time: fast on the short words that text is made of. */
static inline uint64_t piece_hash(const char *at, int64_t size) {
    uint64_t hash = (uint64_t)size * 0x9e3779b97f4a7c15u;
    for (; size > 0; at += 8, size -= 8) {
        __uint128_t product = (__uint128_t)(hash ^ piece_word(at, size)) * 0xa0761d6478bd642fu;
        hash = (uint64_t)product ^ (uint64_t)(product >> 64) ^ 0xe7037ed1a0b428dbu;
    }
    return hash ^ hash >> 29;
}

SY_MUST_CHECK bool piece_index_open(struct piece_index *index, int64_t count, struct sy_error *err);
void piece_index_close(struct piece_index *index);
int64_t piece_index_bytes(const struct piece_index *index);
/* Of doubles the first one added is found. */
void piece_index_add(struct piece_index *index, const char *bytes, const struct piece *pieces, int32_t id);

/* The id whose piece is exactly this text; -1: none. */
static inline int32_t piece_index_find(const struct piece_index *index, const char *bytes,
                                       const struct piece *pieces, const char *text, int64_t size) {
    uint64_t hash = piece_hash(text, size), at = hash & index->mask;
    uint32_t tag = (uint32_t)(hash >> 32);
    for (;; at = (at + 1) & index->mask) {
        struct piece_slot slot = index->slots[at];
        if (slot.id < 0) return -1;
        if (slot.tag != tag || pieces[slot.id].size != size) continue;
        if (memcmp(bytes + pieces[slot.id].at, text, (size_t)size) == 0) return slot.id;
    }
}

/* ---- all of it ---- */

struct vocab {
    struct tokenizer_limits limits; /* no zeros */
    char *bytes;
    int64_t size, room;
    struct piece *spelled, *decoded; /* [count]; a hole has kind TOKEN_NONE and size 0 */
    unsigned char *kinds;            /* [count] of enum token_kind */
    int64_t count, id_room;
    struct piece_index by_spelling;
    int64_t indexed; /* pieces in it */
};

/* Gives id its spelling, which it also decodes to until vocab_decodes says otherwise. Errors: an id that is
 * negative, beyond the limit or given twice; SY_ERR_LIMIT, SY_ERR_MEMORY. */
SY_MUST_CHECK bool vocab_put(struct vocab *vocab, int64_t id, const char *text, int64_t size,
                             enum token_kind kind, struct sy_error *err);
SY_MUST_CHECK bool vocab_decodes(struct vocab *vocab, int64_t id, const char *bytes, int64_t size,
                                 struct sy_error *err);
/* From here on pieces are found by their spelling; about `more` will still be put. */
SY_MUST_CHECK bool vocab_index(struct vocab *vocab, int64_t more, struct sy_error *err);
int64_t vocab_find(const struct vocab *vocab, const char *text, int64_t size); /* -1: none */
static inline bool vocab_has(const struct vocab *vocab, int64_t id) {
    return id >= 0 && id < vocab->count && vocab->kinds[id] != TOKEN_NONE;
}
static inline const char *vocab_text(const struct vocab *vocab, struct piece piece) {
    return vocab->bytes + piece.at;
}
int64_t vocab_bytes(const struct vocab *vocab);
void vocab_close(struct vocab *vocab);

#endif
