/*
 * BPE against the definition: on random vocabularies, the lowest rank is merged, the leftmost first, by
 * looking through the whole word each time. Short words, long words, whole-word lookups, cuts between
 * characters and the dropping of unused pairs must all give the same ids.
 */
#include "text/bpe.h"

#include "base/os.h"
#include "base/random.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

enum { PIECES_MAX = 400, WORD_MAX = 600 };

struct toy { /* a vocabulary of texts over a few characters, and what merges are left after building */
    struct vocab vocab;
    uint32_t ranks[PIECES_MAX];
    int32_t bytes[256];
    int letters;
    const char *const *alphabet;
};

static const char *const narrow[] = { "a", "b", "c", "d" };
static const char *const wide[] = { "a", "\xc3\xa9", "\xe4\xb8\x96", "\xf0\x9f\x99\x82" };

static void put(struct toy *toy, const char *text, int64_t size, uint32_t rank) {
    int64_t id = toy->vocab.count;
    if (vocab_find(&toy->vocab, text, size) >= 0 || id == PIECES_MAX) return;
    assert_true(vocab_put(&toy->vocab, id, text, size, TOKEN_NORMAL, NULL));
    toy->ranks[id] = rank;
}

/* Single characters (some may be missing), then random joins of two pieces, ranked at random. */
static void grow(struct toy *toy, struct random *random, int pieces, bool gaps) {
    *toy = (struct toy){ .letters = 4, .alphabet = random_below(random, 2) ? narrow : wide };
    toy->vocab.limits = (struct tokenizer_limits){ 1 << 20, 1 << 20, 1 << 10, 1 << 20, 1 << 24, 0 };
    assert_true(vocab_index(&toy->vocab, PIECES_MAX, NULL));
    memset(toy->bytes, 0xff, sizeof toy->bytes);
    for (int i = 0; i < toy->letters; i++)
        if (!gaps || i == 0 || random_below(random, 4) > 0)
            put(toy, toy->alphabet[i], (int64_t)strlen(toy->alphabet[i]),
                (uint32_t)random_below(random, 100));
    while (pieces-- > 0) {
        char text[1024] = "";
        for (int part = 0; part < 2; part++) {
            struct piece piece = toy->vocab.spelled[random_below(random, (uint64_t)toy->vocab.count)];
            if (strlen(text) + piece.size < 60) strncat(text, vocab_text(&toy->vocab, piece), piece.size);
        }
        put(toy, text, (int64_t)strlen(text), (uint32_t)random_below(random, 100));
    }
}

static int64_t find_joined(const struct toy *toy, const char *word, const int64_t *begins, int64_t at) {
    return vocab_find(&toy->vocab, word + begins[at], begins[at + 2] - begins[at]);
}

/* The definition: parts of a word are between begins[i] and begins[i + 1]. */
static int64_t define(const struct toy *toy, const char *word, int64_t size, int32_t *ids) {
    static int64_t begins[WORD_MAX * 4 + 2];
    int64_t count = 0, out = 0;
    for (int64_t at = 0; at < size; count++) {
        begins[count] = at;
        at += (unsigned char)word[at] < 0x80   ? 1
              : (unsigned char)word[at] < 0xe0 ? 2
              : (unsigned char)word[at] < 0xf0 ? 3
                                               : 4;
    }
    begins[count] = size;
    for (;;) {
        int64_t best = -1, found = -1;
        for (int64_t i = 0; i + 1 < count; i++) {
            int64_t id = find_joined(toy, word, begins, i);
            if (id >= 0 && (best < 0 || toy->ranks[id] < toy->ranks[found])) best = i, found = id;
        }
        if (best < 0) break;
        memmove(begins + best + 1, begins + best + 2, (size_t)(count - best - 1) * sizeof *begins);
        count--;
    }
    for (int64_t i = 0; i < count; i++) {
        int64_t id = vocab_find(&toy->vocab, word + begins[i], begins[i + 1] - begins[i]);
        if (id >= 0 || out == 0 || ids[out - 1] != PIECES_MAX)
            ids[out++] = id >= 0 ? (int32_t)id : PIECES_MAX;
    }
    return out;
}

static void build(const struct toy *toy, struct bpe *bpe) {
    struct bpe_rules rules = {
        .unit = BPE_CHARACTERS, .unknown = PIECES_MAX, .fuse_unknown = true, .unknown_spans_words = true
    };
    memcpy(rules.bytes, toy->bytes, sizeof rules.bytes);
    assert_true(bpe_open(bpe, &rules, &toy->vocab, toy->vocab.spelled, NULL));
    for (int32_t id = 0; id < toy->vocab.count; id++) assert_true(bpe_word(bpe, id, NULL));
    assert_true(bpe_merge_all(bpe, toy->ranks, true, NULL));
    assert_true(bpe_finish(bpe, NULL));
}

static void check_word(const struct toy *toy, const struct bpe *bpe, const char *word, int64_t size) {
    static int32_t want[WORD_MAX * 4];
    struct bpe_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    int64_t count = define(toy, word, size, want);
    assert_true(bpe_encode(bpe, &scratch, word, size, &ids, NULL));
    assert_int_equal(ids.count, count);
    assert_memory_equal(ids.data, want, (size_t)count * sizeof *want);
    bpe_scratch_free(&scratch);
    id_buffer_free(&ids);
}

static void random_word(const struct toy *toy, struct random *random, int length, char *word) {
    word[0] = 0;
    for (int i = 0; i < length; i++) {
        const char *letter = toy->alphabet[random_below(random, 4)];
        memcpy(word, letter, strlen(letter) + 1);
        word += strlen(letter);
    }
}

static void check_random(bool gaps) {
    static char word[WORD_MAX * 4 + 1];
    struct random random = random_seed(gaps ? 7 : 11);
    for (int round = 0; round < 60; round++) {
        struct toy toy;
        struct bpe bpe;
        grow(&toy, &random, 5 + (int)random_below(&random, 120), gaps);
        build(&toy, &bpe);
        for (int i = 0; i < 60; i++) {
            int length = 1 + (int)random_below(&random, i % 20 == 0 ? WORD_MAX - 1 : 30);
            random_word(&toy, &random, length, word);
            check_word(&toy, &bpe, word, (int64_t)strlen(word));
        }
        bpe_close(&bpe);
        vocab_close(&toy.vocab);
    }
}

TEST(bpe_is_its_definition) {
    check_random(false);
}

/* Characters that are no pieces still merge into pieces that hold them, as in SentencePiece. */
TEST(bpe_merges_letters_that_are_no_pieces) {
    check_random(true);
}

TEST(bpe_of_a_megabyte_of_one_letter_is_quick) {
    enum { SIZE = 1 << 20 };
    struct toy toy = { .letters = 1, .alphabet = narrow };
    struct bpe bpe;
    struct bpe_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    char *word = malloc(SIZE);
    memset(word, 'a', SIZE);
    toy.vocab.limits = (struct tokenizer_limits){ 1 << 20, 1 << 20, 1 << 10, 1 << 20, 1 << 24, 0 };
    memset(toy.bytes, 0xff, sizeof toy.bytes);
    assert_true(vocab_index(&toy.vocab, PIECES_MAX, NULL));
    for (int64_t size = 1; size <= 64; size *= 2) put(&toy, word, size, (uint32_t)size);
    build(&toy, &bpe);
    double start = os_seconds();
    assert_true(bpe_encode(&bpe, &scratch, word, SIZE, &ids, NULL));
    printf("%.3f s\n", os_seconds() - start);
    assert_int_equal(ids.count, SIZE / 64);
    assert_true(os_seconds() - start < 20); /* quadratic would be hours */
    bpe_scratch_free(&scratch);
    id_buffer_free(&ids);
    bpe_close(&bpe);
    vocab_close(&toy.vocab);
    free(word);
}
