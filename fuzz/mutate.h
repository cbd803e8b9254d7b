/*
 * Structure-aware mutation of JSON text, for the fuzz targets of formats that are made of it: a change
 * strikes one token (a number becomes a boundary, a string becomes another word, a member is doubled), so
 * that most results still reach the checks behind the JSON parser.
 */
#ifndef FUZZ_MUTATE_H
#define FUZZ_MUTATE_H

#include "base/random.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libFuzzer's own mutations; not there in the test program. */
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t room);

struct mutation { /* of the text at[0..size), which may grow to `room` */
    uint8_t *at;
    size_t size, room;
    struct random random;
    const char *const *words; /* what strings may become */
    int word_count;
};

static inline struct mutation mutation_of(uint8_t *bytes, size_t size, size_t room, unsigned seed,
                                          const char *const *words, int word_count) {
    return (struct mutation){ bytes, size, room, random_seed(seed), words, word_count };
}

static inline size_t mutate_below(struct mutation *m, size_t bound) {
    return bound == 0 ? 0 : (size_t)random_below(&m->random, bound);
}

/* Replaces `removed` bytes at `from` with `bytes`; nothing happens where there is no room. */
static inline void mutate_splice(struct mutation *m, size_t from, size_t removed, const void *bytes,
                                 size_t count) {
    if (m->size - removed + count > m->room) return;
    memmove(m->at + from + count, m->at + from + removed, m->size - from - removed);
    if (count > 0) memcpy(m->at + from, bytes, count);
    m->size = m->size - removed + count;
}

struct token { /* kind: '"' a string, '0' a number, 'a' a word, else the character itself */
    size_t from, count;
    int kind;
};

static inline struct token mutate_token_at(const struct mutation *m, size_t from) {
    struct token token = { from, 1, m->at[from] };
    size_t end = from + 1;
    if (token.kind == '"') {
        while (end < m->size && m->at[end] != '"') end += m->at[end] == '\\' ? 2 : 1;
        end = end < m->size ? end + 1 : m->size;
    } else if (token.kind == '-' || (token.kind >= '0' && token.kind <= '9')) {
        while (end < m->size && m->at[end] && strchr("0123456789+-.eE", m->at[end])) end++;
        token.kind = '0';
    } else if (token.kind >= 'a' && token.kind <= 'z') {
        while (end < m->size && m->at[end] >= 'a' && m->at[end] <= 'z') end++;
        token.kind = 'a';
    }
    token.count = end - from;
    return token;
}

/* A random token, of this kind if there is one (0: of any). */
static inline bool mutate_pick(struct mutation *m, int kind, struct token *out) {
    size_t seen = 0;
    *out = (struct token){ 0, 0, 0 };
    for (size_t at = 0; at < m->size;) {
        struct token token = mutate_token_at(m, at);
        bool fits = kind == 0 ? token.kind > ' ' : token.kind == kind;
        if (fits && mutate_below(m, ++seen) == 0) *out = token;
        at += token.count;
    }
    return seen > 0;
}

/* From just behind a comma or bracket up to the next: a member, or what is left of one. */
static inline bool mutate_member(struct mutation *m, size_t *from, size_t *count) {
    struct token start;
    if (!mutate_pick(m, mutate_below(m, 2) ? ',' : '{', &start)) return false;
    int64_t depth = 0;
    size_t at = *from = start.from + 1;
    while (at < m->size) {
        struct token token = mutate_token_at(m, at);
        if (depth == 0 && (token.kind == ',' || token.kind == '}' || token.kind == ']')) break;
        depth += (token.kind == '{' || token.kind == '[') - (token.kind == '}' || token.kind == ']');
        at += token.count;
    }
    *count = at - *from;
    return true;
}

static inline void mutate_number(struct mutation *m) {
    static const char *const boundaries[] = {
        "0",
        "1",
        "2",
        "-1",
        "4",
        "8",
        "255",
        "256",
        "65536",
        "2147483647",
        "2147483648",
        "4294967295",
        "4294967296",
        "4398046511104",
        "4398046511105",
        "4611686018427387904",
        "9223372036854775807",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "1e308",
        "1e999",
        "0.5",
        "1.0",
        "-0",
        "00",
        "1e2",
    };
    struct token token;
    if (!mutate_pick(m, '0', &token)) return;
    char text[32] = "", *end = text;
    memcpy(text, m->at + token.from, token.count < 20 ? token.count : 20);
    long long value = strtoll(text, &end, 10);
    if (mutate_below(m, 2))
        snprintf(text, sizeof text, "%lld", (long long)((uint64_t)value + mutate_below(m, 9) - 4));
    else
        snprintf(text, sizeof text, "%s",
                 boundaries[mutate_below(m, sizeof boundaries / sizeof *boundaries)]);
    mutate_splice(m, token.from, token.count, text, strlen(text));
}

static inline void mutate_string(struct mutation *m) {
    struct token token;
    char text[1200];
    if (!mutate_pick(m, '"', &token)) return;
    const char *word = m->words[mutate_below(m, (size_t)m->word_count)];
    size_t repeat = mutate_below(m, 24) ? 1 : mutate_below(m, 600), used = 1;
    text[0] = '"';
    while (repeat-- > 0 && used + strlen(word) + 1 < sizeof text) {
        memcpy(text + used, word, strlen(word));
        used += strlen(word);
    }
    text[used++] = '"';
    mutate_splice(m, token.from, token.count, text, used);
}

static inline void mutate_copy(struct mutation *m, size_t from, size_t count, size_t to) {
    char copy[2048];
    if (count > sizeof copy) count = sizeof copy;
    memcpy(copy, m->at + from, count);
    mutate_splice(m, to, 0, copy, count);
}

static inline void mutate_structure(struct mutation *m) {
    struct token token, other;
    size_t from = 0, count = 0;
    switch (mutate_below(m, 6)) {
    case 0: /* a token goes */
        if (mutate_pick(m, 0, &token)) mutate_splice(m, token.from, token.count, NULL, 0);
        break;
    case 1: /* a token comes again elsewhere */
        if (mutate_pick(m, 0, &token) && mutate_pick(m, 0, &other)) {
            mutate_copy(m, token.from, token.count, other.from);
        }
        break;
    case 2: /* a member goes, with its comma */
        if (mutate_member(m, &from, &count)) {
            if (from + count < m->size && m->at[from + count] == ',') count++;
            mutate_splice(m, from, count, NULL, 0);
        }
        break;
    case 3: /* a member comes again behind itself */
        if (mutate_member(m, &from, &count)) {
            mutate_copy(m, from, count, from);
            mutate_splice(m, from + count < m->size ? from + count : m->size, 0, ",", 1);
        }
        break;
    case 4: /* nesting */
        if (mutate_pick(m, mutate_below(m, 2) ? '0' : '"', &token)) {
            for (size_t i = mutate_below(m, 12) + 1; i > 0; i--) mutate_splice(m, token.from, 0, "[", 1);
        }
        break;
    default: { /* something of another type */
        static const char *const others[] = { "null", "true",  "[]",        "{}", "\"\"",
                                              "0",    "[0,0]", "{\"a\":1}", " ",  "\n" };
        const char *text = others[mutate_below(m, sizeof others / sizeof *others)];
        if (mutate_pick(m, mutate_below(m, 2) ? '0' : '"', &token)) {
            mutate_splice(m, token.from, token.count, text, strlen(text));
        }
    }
    }
}

/* One change. */
static inline void mutate_json(struct mutation *m) {
    size_t choice = mutate_below(m, 16);
    if (choice < 7)
        mutate_number(m);
    else if (choice < 10)
        mutate_string(m);
    else if (choice < 14)
        mutate_structure(m);
    else if (choice < 15 && m->size > 0)
        m->at[mutate_below(m, m->size)] = (uint8_t)random_u64(&m->random);
    else if (LLVMFuzzerMutate && m->size > 0)
        m->size = LLVMFuzzerMutate(m->at, m->size, m->room);
}

#endif
