#include "base/random.h"
#include "test.h"
#include "text/sentencepiece/spm_sample.h"
#include "text/unigram.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES = 40, TEXT_MAX = 12, UNK = 1000 };

static const struct unigram_rules plain = { .unknown = UNK, .unknown_score = -20, .fuse_unknown = true };

static struct unigram_piece piece(const char *text, double score, int32_t id) {
    return (struct unigram_piece){ text, (int64_t)strlen(text), score, id };
}

/* The ids of a text, as "1 2 3". */
static const char *cut(const struct unigram *unigram, const char *text) {
    static char line[4096];
    struct unigram_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    size_t at = 0;
    assert_true(unigram_encode(unigram, &scratch, text, (int64_t)strlen(text), &ids, NULL));
    line[0] = 0;
    for (int64_t i = 0; i < ids.count && at < sizeof line - 16; i++)
        at += (size_t)snprintf(line + at, sizeof line - at, i ? " %d" : "%d", (int)ids.data[i]);
    id_buffer_free(&ids);
    unigram_scratch_free(&scratch);
    return line;
}

static struct unigram *opened(const struct unigram_piece *pieces, int64_t count,
                              const struct unigram_rules *rules) {
    struct unigram *unigram;
    assert_true(unigram_open(pieces, count, rules, &unigram, NULL));
    return unigram;
}

/* The best sum over every way to cut text[at..size): by trying them all. */
static double best_of_all(const struct unigram_piece *pieces, int count, const char *text, int64_t size) {
    double best = -1e300;
    bool single = false;
    if (size == 0) return 0;
    for (int i = 0; i < count; i++) {
        if (pieces[i].size > size || memcmp(pieces[i].text, text, (size_t)pieces[i].size) != 0) continue;
        double sum =
            pieces[i].score + best_of_all(pieces, count, text + pieces[i].size, size - pieces[i].size);
        single |= pieces[i].size == 1;
        if (sum > best) best = sum;
    }
    if (!single) {
        double sum = plain.unknown_score + best_of_all(pieces, count, text + 1, size - 1);
        if (sum > best) best = sum;
    }
    return best;
}

TEST(the_cut_found_is_the_best_of_all) {
    struct random random = random_seed(7);
    static char texts[PIECES][8];
    for (int round = 0; round < 300; round++) {
        struct unigram_piece pieces[PIECES];
        struct unigram_rules rules = plain;
        rules.fuse_unknown = false;
        for (int i = 0; i < PIECES; i++) {
            bool again = true;
            while (again) {
                int length = 1 + (int)random_below(&random, 4);
                for (int k = 0; k < length; k++) texts[i][k] = (char)('a' + random_below(&random, 3));
                texts[i][length] = 0;
                again = false;
                for (int k = 0; k < i; k++) again |= strcmp(texts[i], texts[k]) == 0;
            }
            pieces[i] = piece(texts[i], -10 * random_unit(&random), i);
        }
        int count = 1 + (int)random_below(&random, PIECES);
        struct unigram *unigram = opened(pieces, count, &rules);
        struct unigram_scratch scratch = { 0 };
        for (int k = 0; k < 20; k++) {
            char text[TEXT_MAX];
            int64_t size = (int64_t)random_below(&random, TEXT_MAX);
            struct id_buffer ids = { 0 };
            double sum = 0;
            int64_t at = 0;
            for (int64_t i = 0; i < size; i++) text[i] = (char)('a' + random_below(&random, 4));
            assert_true(unigram_encode(unigram, &scratch, text, size, &ids, NULL));
            for (int64_t i = 0; i < ids.count; i++) {
                bool unknown = ids.data[i] == UNK;
                const struct unigram_piece *p = &pieces[unknown ? 0 : ids.data[i]];
                assert_true(unknown || memcmp(p->text, text + at, (size_t)p->size) == 0);
                sum += unknown ? rules.unknown_score : p->score;
                at += unknown ? 1 : p->size;
            }
            assert_int_equal(at, size);
            double best = best_of_all(pieces, count, text, size);
            assert_true(sum > best - 1e-9 && sum < best + 1e-9);
            id_buffer_free(&ids);
        }
        unigram_scratch_free(&scratch);
        unigram_close(unigram);
    }
}

TEST(of_equal_sums_the_first_to_arrive_stays) {
    const struct unigram_piece pieces[] = { piece("a", -1, 1), piece("aa", -2, 2), piece("b", -1, 3),
                                            piece("ab", -2, 4) };
    struct unigram *unigram = opened(pieces, 4, &plain);
    assert_string_equal(cut(unigram, "aa"), "2"); /* reaches the end from 0, before a + a does from 1 */
    assert_string_equal(cut(unigram, "ab"), "4");
    assert_string_equal(cut(unigram, "aaa"), "1 2"); /* from 1, before a from 2 */
    unigram_close(unigram);
}

TEST(unknown_characters_are_fused_or_spelt) {
    const struct unigram_piece pieces[] = { piece("a", -1, 1), piece("\xe2\x96\x81", -1, 2) };
    int32_t bytes[256];
    struct unigram_rules rules = plain;
    struct unigram *unigram = opened(pieces, 2, &rules);
    assert_string_equal(cut(unigram, "xya\xe4\xb8\xad"
                                     "a\xe2\x96\x82z"),
                        "1000 1 1000 1 1000");
    unigram_close(unigram);
    rules.fuse_unknown = false;
    unigram = opened(pieces, 2, &rules);
    assert_string_equal(cut(unigram, "xya\xe4\xb8\xad"), "1000 1000 1 1000");
    unigram_close(unigram);
    for (int i = 0; i < 256; i++) bytes[i] = i == 'z' ? -1 : 2000 + i;
    rules.bytes = bytes;
    rules.fuse_unknown = true;
    unigram = opened(pieces, 2, &rules);
    memset(bytes, 0, sizeof bytes); /* copied */
    assert_string_equal(cut(unigram, "a\xe4\xb8\xadxa"), "1 2228 2184 2173 2120 1");
    assert_string_equal(cut(unigram, "axza"), "1 1000 1"); /* all or none */
    unigram_close(unigram);
}

TEST(a_text_that_no_piece_spells_is_refused_where_nothing_is_unknown) {
    const struct unigram_piece pieces[] = { piece("a", -1, 1) };
    struct unigram_rules rules = plain;
    struct unigram_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    struct sy_error err;
    rules.unknown = -1;
    struct unigram *unigram = opened(pieces, 1, &rules);
    assert_false(unigram_encode(unigram, &scratch, "aab", 3, &ids, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_non_null(strstr(err.message, "'b'"));
    unigram_scratch_free(&scratch);
    id_buffer_free(&ids);
    unigram_close(unigram);
}

/* Sums in f32 past 100000 become the new zero: -20000.004 and its neighbour differ by less than f32 holds at
 * -1e6, and are told apart all the same. */
TEST(long_texts_lose_no_precision) {
    const struct unigram_piece pieces[] = { piece("a", -30000, 1), piece("xy", -2.000001, 2),
                                            piece("x", -1, 3), piece("y", -1.000002, 4) };
    struct unigram_rules rules = plain;
    rules.single_precision = true;
    struct unigram *unigram = opened(pieces, 4, &rules);
    char text[103];
    memset(text, 'a', 100);
    memcpy(text + 100, "xy", 3);
    const char *ids = cut(unigram, text);
    assert_string_equal(ids + strlen(ids) - 4, " 1 2");
    unigram_close(unigram);
}

TEST(room_follows_the_longest_stretch_not_the_text) {
    enum { SIZE = 1 << 20 };
    const struct unigram_piece pieces[] = { piece("a", -1, 1), piece("aaa", -2, 2), piece("_b", -1, 3) };
    struct unigram *unigram = opened(pieces, 3, &plain);
    struct unigram_scratch scratch = { 0 };
    struct id_buffer ids = { 0 };
    char *text = malloc(SIZE);
    for (int i = 0; i < SIZE; i++) text[i] = "_baaaa"[i % 6];
    assert_true(unigram_encode(unigram, &scratch, text, SIZE, &ids, NULL));
    assert_true(ids.count > SIZE / 6 * 3 - 8 && ids.count < SIZE / 6 * 3 + 8);
    assert_true(scratch.room < 1024);
    ids.count = 0;
    memset(text, 'a', SIZE); /* one stretch */
    assert_true(unigram_encode(unigram, &scratch, text, SIZE, &ids, NULL));
    assert_int_equal(ids.count, SIZE / 3 + SIZE % 3);
    assert_true(scratch.room >= SIZE && scratch.room <= 2 * SIZE + 1024);
    free(text);
    unigram_scratch_free(&scratch);
    id_buffer_free(&ids);
    unigram_close(unigram);
}

TEST(a_sentencepiece_model_says_which_pieces_take_part) {
    static uint8_t room[4096];
    struct spm_sample made = { room, 0, sizeof room };
    struct spm_model model;
    struct unigram *unigram;
    static const char *const words[] = { "a", "b", "ab" }; /* scores -1, -2, -3: ids 3, 4, 5 */
    sample_pieces(&made, false, words, 3);
    sample_piece(&made, "abab", 4, 5, SPM_UNUSED);
    sample_piece(&made, "bab", 3, -100, SPM_USER_DEFINED);
    assert_true(spm_model_read(made.at, (int64_t)made.size, NULL, &model, NULL));
    assert_true(unigram_open_spm(&model, &unigram, NULL));
    assert_string_equal(cut(unigram, "abab"), "3 7"); /* what the user defined wins, unused is not seen */
    assert_string_equal(cut(unigram, "<s>"), "0");
    assert_string_equal(cut(unigram, "ab"), "5"); /* -3 either way: the longer arrives first */
    assert_true(unigram_bytes(unigram) > 0);
    unigram_close(unigram);
    spm_model_close(&model);
}
