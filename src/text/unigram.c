/*
 * Unigram: Viterbi over the pieces that end at each character.
 *
 *     best(0) = 0
 *     best(j) = max over pieces p = text[i, j) of best(i) + score(p)     the first to reach the maximum stays
 *
 * for i from left to right, and from each the pieces from short to long; an unknown character stands in where
 * no piece is exactly that one character. Source: sentencepiece's src/unigram_model.cc, EncodeOptimized, and
 * Hugging Face's tokenizers, models/unigram/model.rs, encode_optimized. They differ in the width of sums, and
 * sentencepiece, whose sums are f32, takes a sum past 100000 as the new zero (since 0.2.2).
 *
 * Memory: 16 bytes for each byte of a stretch. A stretch ends where no piece crosses, for every path goes
 * through there; what lies behind is written out and forgotten. In text with spaces that is each word.
 */
#include "text/unigram.h"
#include "base/checked.h"
#include "base/utf8.h"
#include "text/byte_trie.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STRETCH_MAX ((int64_t)1 << 28) /* bytes; 4 GB of nodes */
#define PENALTY     10.0f              /* of an unknown character, under the least score */
#define SUM_MAX     100000.0           /* of sums in f32: one beyond becomes the new zero */

struct unigram {
    struct byte_trie trie; /* values: indices of scores and ids */
    double *scores;
    int32_t *ids;
    int64_t count;
    struct unigram_rules rules;
    int32_t bytes[256];
};

struct node {      /* the best path that ends here */
    double score;  /* its sum */
    int32_t piece; /* its last piece: an index; UNKNOWN */
    int32_t size;  /* that piece's bytes; 0: nothing ends here yet */
};
enum { UNKNOWN = -1 };

/* ---- opening ---- */

bool unigram_open(const struct unigram_piece *pieces, int64_t count, const struct unigram_rules *rules,
                  struct unigram **out, struct sy_error *err) {
    struct unigram *unigram = *out = calloc(1, sizeof *unigram);
    if (!unigram) return sy_fail(err, SY_ERR_MEMORY, "no memory for a Unigram model");
    unigram->rules = *rules;
    if (rules->bytes) {
        memcpy(unigram->bytes, rules->bytes, sizeof unigram->bytes);
        unigram->rules.bytes = unigram->bytes;
    }
    unigram->count = count;
    unigram->scores = malloc((size_t)max_i64(count, 1) * sizeof *unigram->scores);
    unigram->ids = malloc((size_t)max_i64(count, 1) * sizeof *unigram->ids);
    bool ok = unigram->scores && unigram->ids;
    if (!ok) sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)count);
    for (int64_t i = 0; i < count && ok; i++) {
        unigram->scores[i] = pieces[i].score;
        unigram->ids[i] = pieces[i].id;
        ok = byte_trie_add(&unigram->trie, pieces[i].text, pieces[i].size, (int32_t)i, err);
        if (!ok) sy_error_at(err, "piece %lld", (long long)pieces[i].id);
    }
    if (ok) return true;
    unigram_close(unigram);
    *out = NULL;
    return false;
}

/* sentencepiece: control, unknown and byte pieces are never found in text, unused ones are skipped, and what
 * the user defined nearly always wins. */
static double spm_score(const struct spm_piece *piece) {
    if (piece->type != SPM_USER_DEFINED) return (double)piece->score;
    return (double)(float)(0.1 * (double)(piece->size - 1));
}

bool unigram_open_spm(const struct spm_model *model, struct unigram **out, struct sy_error *err) {
    float least = FLT_MAX;
    int64_t count = 0;
    *out = NULL;
    struct unigram_piece *pieces = malloc((size_t)model->count * sizeof *pieces);
    if (!pieces) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)model->count);
    for (int64_t id = 0; id < model->count; id++) {
        const struct spm_piece *piece = &model->pieces[id];
        if (piece->type == SPM_NORMAL && piece->score < least) least = piece->score;
    }
    for (int64_t id = 0; id < model->count; id++) {
        const struct spm_piece *piece = &model->pieces[id];
        if (piece->type != SPM_NORMAL && piece->type != SPM_USER_DEFINED) continue;
        pieces[count++] = (struct unigram_piece){ piece->text, piece->size, spm_score(piece), (int32_t)id };
    }
    struct unigram_rules rules = {
        .unknown = (int32_t)model->unk,
        .unknown_score = (double)(least - PENALTY),
        .fuse_unknown = true,
        .bytes = model->byte_fallback ? model->bytes : NULL,
        .single_precision = true,
    };
    bool ok = unigram_open(pieces, count, &rules, out, err);
    free(pieces);
    return ok;
}

void unigram_close(struct unigram *unigram) {
    if (!unigram) return;
    byte_trie_close(&unigram->trie);
    free(unigram->scores);
    free(unigram->ids);
    free(unigram);
}

int64_t unigram_bytes(const struct unigram *unigram) {
    int64_t piece_bytes = (int64_t)(sizeof *unigram->scores + sizeof *unigram->ids);
    return (int64_t)sizeof *unigram + unigram->count * piece_bytes + byte_trie_bytes(&unigram->trie);
}

void unigram_scratch_free(struct unigram_scratch *scratch) {
    free(scratch->nodes);
    *scratch = (struct unigram_scratch){ .nodes = NULL };
}

/* ---- one stretch ---- */

struct walk {
    const struct unigram *unigram;
    struct unigram_scratch *scratch;
    const char *text;
    int64_t size;
    int64_t from;                       /* where the stretch begins: node 0 */
    int64_t ready;                      /* nodes up to this place are set or marked unset */
    int64_t unknown_from, unknown_size; /* unknown characters not written yet */
    struct id_buffer *ids;
    struct sy_error *err;
};

/* Makes nodes up to text place `end` usable. */
static bool walk_reach(struct walk *walk, int64_t end) {
    struct unigram_scratch *scratch = walk->scratch;
    int64_t need = end - walk->from + 1;
    if (need > scratch->room) {
        int64_t room = max_i64(need, scratch->room * 2 + 256);
        if (need > STRETCH_MAX) {
            return sy_fail(walk->err, SY_ERR_LIMIT, "%lld bytes of text without a place to cut it",
                           (long long)need);
        }
        void *larger = realloc(scratch->nodes, (size_t)room * sizeof(struct node));
        if (!larger) return sy_fail(walk->err, SY_ERR_MEMORY, "no memory to cut a text into pieces");
        scratch->nodes = larger;
        scratch->room = room;
    }
    struct node *nodes = scratch->nodes;
    while (walk->ready < end) nodes[++walk->ready - walk->from].size = 0;
    return true;
}

/* A piece of `size` bytes that begins at `at`: is it the best way to its end? */
static inline void offer(struct node *nodes, int64_t at, int64_t size, int32_t piece, double score,
                         bool single) {
    struct node *target = &nodes[at + size];
    double sum = nodes[at].score + score;
    if (single) sum = (double)(float)sum;
    if (target->size > 0 && !(sum > target->score)) return;
    *target = (struct node){ sum, piece, (int32_t)size };
}

/* Sums in f32 lose what small scores say once they are large: the best sum at `at` becomes the new zero. */
static void rebase(struct node *nodes, int64_t at, int64_t reach) {
    double zero = nodes[at].score;
    if (fabs(zero) <= SUM_MAX) return;
    for (int64_t i = at; i <= reach; i++) {
        if (i == at || nodes[i].size > 0) nodes[i].score = (double)(float)(nodes[i].score - zero);
    }
}

/* All pieces that begin at `at`; *reach becomes the farthest end. */
static bool offer_all(struct walk *walk, int64_t at, int64_t *reach) {
    const struct unigram *unigram = walk->unigram;
    bool single = unigram->rules.single_precision;
    uint32_t point;
    int64_t length = (int64_t)utf8_decode(walk->text + at, (size_t)(walk->size - at), &point);
    struct byte_trie_cursor cursor = byte_trie_begin(&unigram->trie, walk->text + at, walk->size - at);
    if (single) rebase(walk->scratch->nodes, at - walk->from, *reach - walk->from);
    bool whole = false; /* one piece is just this character */
    if (!walk_reach(walk, at + length)) return false;
    for (int32_t piece; (piece = byte_trie_next(&cursor)) >= 0;) {
        if (!walk_reach(walk, at + cursor.used)) return false;
        whole |= cursor.used == length;
        offer(walk->scratch->nodes, at - walk->from, cursor.used, piece, unigram->scores[piece], single);
        *reach = max_i64(*reach, at + cursor.used);
    }
    if (!whole)
        offer(walk->scratch->nodes, at - walk->from, length, UNKNOWN, unigram->rules.unknown_score, single);
    *reach = max_i64(*reach, at + length);
    return true;
}

/* The unknown characters seen last, if any: all of them as bytes, or one id for all. */
static bool write_unknown(struct walk *walk) {
    const struct unigram_rules *rules = &walk->unigram->rules;
    const char *text = walk->text + walk->unknown_from;
    int64_t size = walk->unknown_size;
    bool spelt = rules->bytes != NULL;
    walk->unknown_size = 0;
    if (size == 0) return true;
    for (int64_t i = 0; i < size && spelt; i++) spelt = rules->bytes[(unsigned char)text[i]] >= 0;
    for (int64_t i = 0; i < size && spelt; i++) {
        if (!id_buffer_add(walk->ids, rules->bytes[(unsigned char)text[i]], walk->err)) return false;
    }
    if (spelt) return true;
    if (rules->unknown >= 0) return id_buffer_add(walk->ids, rules->unknown, walk->err);
    sy_fail(walk->err, SY_ERR_INPUT, "the text holds '%.*s', which no piece spells", (int)min_i64(size, 40),
            text);
    return sy_error_remedy(walk->err, "this tokenizer has no unknown token: take that out of the text");
}

static bool write_piece(struct walk *walk, int64_t at, const struct node *node) {
    bool unknown = node->piece == UNKNOWN;
    if (!(unknown && walk->unigram->rules.fuse_unknown) && !write_unknown(walk)) return false;
    if (!unknown) return id_buffer_add(walk->ids, walk->unigram->ids[node->piece], walk->err);
    if (walk->unknown_size == 0) walk->unknown_from = at;
    walk->unknown_size += node->size;
    return true;
}

/* The path to the end of the stretch, whose links lead backwards: turned round in place, then written out. */
static bool write_stretch(struct walk *walk, int64_t end) {
    struct node *nodes = walk->scratch->nodes;
    double score = nodes[end - walk->from].score;
    struct node step = nodes[end - walk->from];
    for (int64_t at = end - walk->from; at > 0;) {
        at -= step.size;
        struct node before = nodes[at];
        nodes[at] = step; /* now the piece that begins here */
        step = before;
    }
    for (int64_t at = 0; at < end - walk->from; at += nodes[at].size) {
        if (!write_piece(walk, walk->from + at, &nodes[at])) return false;
    }
    nodes[0] = (struct node){ .score = score };
    walk->from = walk->ready = end;
    return true;
}

bool unigram_encode(const struct unigram *unigram, struct unigram_scratch *scratch, const char *text,
                    int64_t size, struct id_buffer *ids, struct sy_error *err) {
    struct walk walk = {
        .unigram = unigram, .scratch = scratch, .text = text, .size = size, .ids = ids, .err = err
    };
    int64_t reach = 0;
    if (size == 0) return true;
    walk.ready = -1;
    if (!walk_reach(&walk, 0)) return false;
    ((struct node *)scratch->nodes)[0].score = 0;
    for (int64_t at = 0; at < size;) {
        if (!offer_all(&walk, at, &reach)) return false;
        do at++;
        while (at < size && ((unsigned char)text[at] & 0xc0) == 0x80);
        if (reach == at && !write_stretch(&walk, at)) return false;
    }
    return write_unknown(&walk);
}
