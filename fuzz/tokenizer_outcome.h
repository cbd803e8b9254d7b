/*
 * What the targets of tokenizer files do with an input: one that was accepted must find its pieces, and
 * encode and decode any text; a refusal must be one line with a remedy. Counts what got past the header.
 */
#ifndef FUZZ_TOKENIZER_OUTCOME_H
#define FUZZ_TOKENIZER_OUTCOME_H

#include "refusal.h"
#include "tokenizer_seeds.h"

static const struct tokenizer_limits limits = { 1 << 16, 2048, 256, 2048, 1 << 20, 0 };
static long long inputs, deep, good;

static void print_counts(void) {
    fprintf(stderr, "fuzz: %lld of %lld inputs past the header, %lld accepted\n", deep, inputs, good);
}

static void accepted_must_hold(const struct tokenizer *t, const uint8_t *bytes, size_t size) {
    static const char *const texts[] = {
        "", "ab abc <s> word <mask> b\xc3\xa9", "  aab\n\nb 123 it's", "\xff\xc3 a\xe2\x96",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"
    };
    struct tokenizer_facts facts = tokenizer_facts(t);
    MUST(facts.count > 0 && facts.kind && facts.bytes > 0);
    for (int64_t id = -1; id <= facts.count; id++) {
        int64_t piece_size;
        const char *piece = tokenizer_piece(t, id, &piece_size);
        MUST((piece == NULL) == (tokenizer_kind(t, id) == TOKEN_NONE));
        if (piece && piece_size > 0) {
            int64_t found = tokenizer_find(t, piece, piece_size), found_size;
            const char *other = tokenizer_piece(t, found, &found_size);
            MUST(other && found_size == piece_size && memcmp(other, piece, (size_t)piece_size) == 0);
        }
    }
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        text_must_hold(t, texts[i], (int64_t)strlen(texts[i]), false);
    text_must_hold(t, (const char *)bytes, size > 400 ? 400 : (int64_t)size, false);
}

/* A pattern or a Replace may go beyond its bounds on some text: that is a refusal too, so only sound
 * models. */
static bool may_refuse_text(const struct tokenizer *t) {
    struct id_buffer ids = { 0 };
    struct sy_error err;
    bool done = tokenizer_encode(t, "ab \xe2\x96\x81 1", 8, (struct encode_options){ 0 }, &ids, &err);
    id_buffer_free(&ids);
    return !done && (err.code == SY_ERR_LIMIT || err.code == SY_ERR_INPUT || err.code == SY_ERR_FORMAT);
}

static inline void outcome_of(const uint8_t *bytes, size_t size, const char *pre) {
    struct sy_error err = { .code = SY_OK };
    if (inputs++ == 0) atexit(print_counts);
    struct tokenizer *t = tokenizer_blank("fuzz", &limits, &err);
    bool accepted = load_bytes(t, (const char *)bytes, (int64_t)size, pre, &err);
    if (!accepted) refusal_check(&err);
    deep += accepted || strncmp(err.place, "line ", 5) != 0;
    good += accepted;
    if (accepted && !may_refuse_text(t)) accepted_must_hold(t, bytes, size);
    tokenizer_close(t);
}

#endif
