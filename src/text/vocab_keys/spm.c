/*
 * BPE with byte pieces, and Unigram, in GGUF's keys: scores, and what is done to text beforehand.
 *
 * SentencePiece merges the neighbours whose joint piece scores best, tokenizer.json those whose pair stands
 * first in its list; as its lists are made from such scores, a piece's score is minus the rank of the merge
 * that makes it. What no merge makes scores less than all others.
 *
 * Whether tokenizer.json puts a space before a text, and whether it squeezes spaces, may be said in several
 * ways (Metaspace, Prepend, Strip, Replace); so it is tried instead of read.
 */
#include "text/base64.h"
#include "text/tokenizer.h"
#include "text/vocab_keys/parts.h"

#include "base/checked.h"
#include "base/utf8.h"

#define SCORE_NEVER (-1e9f) /* of a piece that no merge makes */
#define SCORE_ADDED (-1000) /* as llama.cpp's converter has it; they are never looked for among pieces */
#define MARK        "\xe2\x96\x81"

/* ---- scores ---- */

static float score_of(const struct vocab_making *m, const json_t *vocab, int64_t id) {
    const json_t *score = json_array_get(json_array_get(vocab, (size_t)id), 1);
    if (id < m->spm.count) return m->spm.pieces[id].score;
    if (json_is_number(score)) return (float)json_number_value(score);
    return m->types[id] == SPM_NORMAL && !m->t->unigram ? SCORE_NEVER : SCORE_ADDED;
}

/* A single character is there without a merge. */
static void score_merges(const struct vocab_making *m, float *scores) {
    const struct pair_table *table = &m->t->bpe.merges;
    for (int64_t id = 0; id < m->rows; id++) {
        struct gguf_text text = m->tokens[id].text;
        if (m->types[id] == SPM_BYTE || (text.size > 0 && text.size == utf8_size(text.data[0])))
            scores[id] = 0;
    }
    for (uint64_t at = 0; at <= table->mask; at++) {
        const struct pair_slot *slot = &table->slots[at];
        if (slot->made < 0) continue;
        float score = -(float)slot->rank;
        if (scores[slot->made] == SCORE_NEVER || scores[slot->made] < score) scores[slot->made] = score;
    }
}

static bool put_scores(struct vocab_making *m, struct sy_error *err) {
    const json_t *vocab = json_object_get(json_object_get(m->json, "model"), "vocab");
    float *scores = arena_new(m->arena, float, m->rows, err);
    if (!scores) return false;
    for (int64_t id = 0; id < m->rows; id++) scores[id] = score_of(m, vocab, id);
    if (m->json && !m->t->unigram) score_merges(m, scores);
    vocab_key_array(m, VOCAB_KEY "scores", GGUF_F32, scores, m->rows);
    return true;
}

/* ---- rules ---- */

static bool encode(const struct tokenizer *t, const char *text, struct id_buffer *ids, struct sy_error *err) {
    static const struct encode_options plain = { .no_special = true };
    ids->count = 0;
    return tokenizer_encode(t, text, (int64_t)strlen(text), plain, ids, err);
}

static bool try_rules(struct vocab_making *m, struct sy_error *err) {
    struct id_buffer one = { 0 }, two = { 0 };
    bool done = encode(m->t, "a", &one, err), prefix = false;
    if (done && one.count > 0) {
        int64_t size;
        const char *piece = tokenizer_piece(m->t, one.data[0], &size);
        prefix = size >= 3 && memcmp(piece, MARK, 3) == 0;
    }
    done = done && encode(m->t, " a  b ", &one, err) && encode(m->t, "a b", &two, err);
    bool squeezes = done && one.count == two.count && one.count > 0 &&
                    memcmp(one.data, two.data, (size_t)one.count * sizeof *one.data) == 0;
    vocab_key_bool(m, VOCAB_KEY "add_space_prefix", prefix);
    vocab_key_bool(m, VOCAB_KEY "remove_extra_whitespaces", squeezes);
    id_buffer_free(&one);
    id_buffer_free(&two);
    return done;
}

/* The map of a Precompiled normaliser, alone or in a Sequence. */
static const json_t *find_map(const json_t *normalizer) {
    const json_t *item, *map = json_object_get(normalizer, "precompiled_charsmap");
    size_t index;
    json_array_foreach(json_object_get(normalizer, "normalizers"), index, item) {
        if (!map) map = json_object_get(item, "precompiled_charsmap");
    }
    return map;
}

static bool put_map(struct vocab_making *m, struct sy_error *err) {
    const json_t *map = find_map(json_object_get(m->json, "normalizer"));
    const unsigned char *from = m->spm.rules.charsmap;
    int64_t size = m->spm.rules.charsmap_size, text_size = (int64_t)json_string_length(map);
    char *bytes = arena_new(m->arena, char, max_i64(size, text_size), err);
    if (!bytes) return false;
    if (map) size = base64_decode(json_string_value(map), text_size, bytes); /* the loader has read it too */
    if (size <= 0) return true;
    if (!map) memcpy(bytes, from, (size_t)size);
    vocab_key_array(m, VOCAB_KEY "precompiled_charsmap", GGUF_U8, bytes, size);
    return true;
}

bool vocab_keys_spm(struct vocab_making *m, struct sy_error *err) {
    vocab_key_text(m, VOCAB_KEY "pre", "default"); /* there are no patterns */
    if (!put_scores(m, err) || !put_map(m, err)) return false;
    if (m->json) return try_rules(m, err);
    vocab_key_bool(m, VOCAB_KEY "add_space_prefix", m->spm.rules.add_dummy_prefix);
    vocab_key_bool(m, VOCAB_KEY "remove_extra_whitespaces", m->spm.rules.remove_extra_whitespaces);
    return true;
}
