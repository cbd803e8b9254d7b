/*
 * Building the tables of BPE from a vocabulary.
 *
 * The last step, bpe_finish, merges each piece's own text once. What it learns:
 *   - whole: whether the merges end at just that piece; such a word need never be merged again
 *   - which pair was merged last. A piece forms in any text by the merges that form it alone, since no merge
 *     reached over its ends; so of all the pairs that could make it only this one is ever used, and the
 *     others are dropped: the table becomes a third of its size, and stays in the cache.
 */
#include "text/bpe.h"

#include "base/checked.h"
#include "base/utf8.h"
#include <stdlib.h>

/* Pieces times their length in units, squared: what looking at every cut costs. Real ones are near 1e8. */
#define CUT_WORK_MAX ((int64_t)1 << 34)

bool bpe_open(struct bpe *bpe, const struct bpe_rules *rules, const struct vocab *vocab,
              const struct piece *texts, struct sy_error *err) {
    int64_t words = vocab->count / 64 + 1;
    *bpe = (struct bpe){ .rules = *rules, .vocab = vocab, .texts = texts };
    bpe->whole = calloc((size_t)words, sizeof *bpe->whole);
    bpe->joints = calloc((size_t)1 << (BPE_JOINT_BITS - 6), sizeof *bpe->joints);
    if (!bpe->whole || !bpe->joints) return sy_fail(err, SY_ERR_MEMORY, "no memory for the merges");
    return piece_index_open(&bpe->words, vocab->count, err) &&
           pair_table_open(&bpe->merges, vocab->count, err);
}

void bpe_close(struct bpe *bpe) {
    piece_index_close(&bpe->words);
    pair_table_close(&bpe->merges);
    free(bpe->whole);
    free(bpe->joints);
    free(bpe->letters);
    *bpe = (struct bpe){ .vocab = NULL };
}

int64_t bpe_bytes(const struct bpe *bpe) {
    if (!bpe->vocab) return 0;
    return piece_index_bytes(&bpe->words) + pair_table_bytes(&bpe->merges) + bpe->vocab->count / 8 +
           (1 << (BPE_JOINT_BITS - 3)) + bpe->letter_count * 4;
}

static bool joints_add(struct bpe *bpe, const char *text, int64_t size) {
    uint32_t before = 0, point;
    for (int64_t at = 0, length; at < size; at += length) {
        length = (int64_t)utf8_decode(text + at, (size_t)(size - at), &point);
        if (length == 0) return false;
        uint64_t bit = bpe_joint(before, point);
        if (at > 0) bpe->joints[bit / 64] |= (uint64_t)1 << bit % 64;
        before = point;
    }
    return true;
}

bool bpe_word(struct bpe *bpe, int32_t id, struct sy_error *err) {
    struct piece piece = bpe->texts[id];
    const char *text = vocab_text(bpe->vocab, piece);
    if (piece.size == 0) return true;
    if (bpe->rules.unit == BPE_CHARACTERS && !joints_add(bpe, text, piece.size)) {
        sy_fail(err, SY_ERR_FORMAT, "piece %d is not UTF-8", id);
        return sy_error_remedy(err, "get the file anew");
    }
    piece_index_add(&bpe->words, bpe->vocab->bytes, bpe->texts, id);
    bpe->word_bytes_max = max_i64(bpe->word_bytes_max, piece.size);
    return true;
}

bool bpe_merge(struct bpe *bpe, int32_t left, int32_t right, uint32_t rank, int32_t made,
               struct sy_error *err) {
    bool spelled =
        bpe->rules.unit == BPE_CHARACTERS && (left == bpe->rules.unknown || right == bpe->rules.unknown);
    for (int i = 0; i < 256 && bpe->rules.unit == BPE_CHARACTERS && !spelled; i++)
        spelled = bpe->rules.bytes[i] == left || bpe->rules.bytes[i] == right;
    bpe->uncut |= spelled && left >= 0 && right >= 0;
    return pair_table_add(&bpe->merges, (uint32_t)left, (uint32_t)right, rank, made, err);
}

/* ---- merges of a vocabulary without a list ---- */

static int by_number(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Appends the characters of a piece that are no pieces, unsorted and with doubles. */
static bool letters_of(struct bpe *bpe, int32_t id, int64_t *count, int64_t *room, struct sy_error *err) {
    struct piece piece = bpe->texts[id];
    const char *text = vocab_text(bpe->vocab, piece);
    for (int64_t at = 0, length; at < piece.size; at += length) {
        uint32_t point = 0;
        length = (int64_t)utf8_decode(text + at, piece.size - (size_t)at, &point);
        if (piece_index_find(&bpe->words, bpe->vocab->bytes, bpe->texts, text + at, length) >= 0) continue;
        if (*count == *room) {
            int64_t larger = *room * 2 + 64;
            uint32_t *letters = realloc(bpe->letters, (size_t)larger * sizeof *letters);
            if (!letters) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld letters", (long long)larger);
            bpe->letters = letters;
            *room = larger;
        }
        bpe->letters[(*count)++] = point;
    }
    return true;
}

static bool letters_find(struct bpe *bpe, const uint32_t *ranks, struct sy_error *err) {
    int64_t room = 0, count = 0, kept = 0;
    for (int32_t id = 0; id < bpe->vocab->count; id++)
        if (ranks[id] != BPE_NO_RANK && !letters_of(bpe, id, &count, &room, err)) return false;
    if (count > 0) qsort(bpe->letters, (size_t)count, sizeof *bpe->letters, by_number);
    for (int64_t i = 0; i < count; i++)
        if (i == 0 || bpe->letters[i] != bpe->letters[i - 1]) bpe->letters[kept++] = bpe->letters[i];
    bpe->letter_count = kept;
    return true;
}

/* A part of a piece: a piece itself, or a single letter. */
static int32_t part_symbol(const struct bpe *bpe, const char *text, int64_t size) {
    bool unit = bpe->rules.unit == BPE_BYTES ? size == 1 : size == utf8_size(text[0]);
    if (unit) return bpe_unit_symbol(bpe, text, size);
    return piece_index_find(&bpe->words, bpe->vocab->bytes, bpe->texts, text, size);
}

static bool merge_cuts(struct bpe *bpe, int32_t id, uint32_t rank, struct sy_error *err) {
    struct piece piece = bpe->texts[id];
    const char *text = vocab_text(bpe->vocab, piece);
    bool bytes = bpe->rules.unit == BPE_BYTES;
    for (int64_t cut = bytes ? 1 : utf8_size(text[0]); cut < piece.size;
         cut += bytes ? 1 : utf8_size(text[cut])) {
        int32_t left = part_symbol(bpe, text, cut);
        int32_t right = left < 0 ? -1 : part_symbol(bpe, text + cut, piece.size - cut);
        if (left < 0 || right < 0) continue;
        if (!pair_table_add(&bpe->merges, (uint32_t)left, (uint32_t)right, rank, id, err)) return false;
    }
    return true;
}

bool bpe_merge_all(struct bpe *bpe, const uint32_t *ranks, bool letters, struct sy_error *err) {
    int64_t work = 0;
    for (int32_t id = 0; id < bpe->vocab->count; id++)
        if (ranks[id] != BPE_NO_RANK) work += (int64_t)bpe->texts[id].size * bpe->texts[id].size;
    if (work > CUT_WORK_MAX) {
        sy_fail(err, SY_ERR_LIMIT, "pieces too long to find out what merges into them");
        return sy_error_remedy(err, "fetch the tokenizer's files again");
    }
    if (letters && !letters_find(bpe, ranks, err)) return false;
    for (int32_t id = 0; id < bpe->vocab->count; id++)
        if (ranks[id] != BPE_NO_RANK && !merge_cuts(bpe, id, ranks[id], err)) return false;
    return true;
}

/* ---- what merging each piece shows ---- */

static bool finish_word(struct bpe *bpe, struct bpe_scratch *scratch, int32_t id, struct pair_table *used,
                        struct sy_error *err) {
    struct piece piece = bpe->texts[id];
    scratch->last_left = scratch->last_right = UINT32_MAX;
    int64_t count = bpe_symbols(bpe, scratch, vocab_text(bpe->vocab, piece), piece.size, err);
    if (count < 0) return false;
    if (count != 1 || scratch->symbols[0] != id) return true;
    bpe->whole[id / 64] |= (uint64_t)1 << id % 64;
    if (scratch->last_left == UINT32_MAX) return true; /* a unit by itself */
    const struct pair_slot *slot = pair_table_find(&bpe->merges, scratch->last_left, scratch->last_right);
    return pair_table_add(used, slot->left, slot->right, slot->rank, id, err);
}

bool bpe_finish(struct bpe *bpe, struct sy_error *err) {
    struct bpe_scratch scratch = { 0 };
    struct pair_table used;
    if (!pair_table_open(&used, bpe->vocab->count, err)) return false;
    bool done = true;
    for (uint64_t at = 0; done && at <= bpe->words.mask; at++) {
        int32_t id = bpe->words.slots[at].id;
        if (id >= 0) done = finish_word(bpe, &scratch, id, &used, err);
    }
    bpe_scratch_free(&scratch);
    if (done && !bpe->uncut) {
        pair_table_close(&bpe->merges);
        bpe->merges = used;
    } else {
        pair_table_close(&used);
    }
    return done;
}
