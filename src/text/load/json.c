/*
 * tokenizer.json, the file of Hugging Face's tokenizers: normaliser, pre-tokeniser, model, post-processor and
 * decoder each by type, and the added tokens. What a type is not known for is an error that names it.
 */
#include "text/json_field.h"
#include "text/load/bpe.h"

#include "base/checked.h"
#include <stdlib.h>

/* ---- the model's vocabulary and merges ---- */

static bool put_vocab(struct tokenizer *t, const json_t *vocab, int64_t more, struct sy_error *err) {
    const char *key;
    json_t *value;
    if (!json_is_object(vocab)) return sy_fail(err, SY_ERR_FORMAT, "'vocab' is no object");
    json_object_foreach((json_t *)vocab, key, value) {
        int64_t id = -1;
        if (!json_to_i64(value, &id)) return sy_fail(err, SY_ERR_FORMAT, "piece '%.80s' has no id", key);
        if (!vocab_put(&t->vocab, id, key, (int64_t)strlen(key), TOKEN_NORMAL, err)) return false;
    }
    if (t->vocab.count == 0) return sy_fail(err, SY_ERR_FORMAT, "'vocab' is empty");
    return vocab_index(&t->vocab, more, err);
}

static bool put_merges(struct tokenizer *t, const json_t *merges, struct sy_error *err) {
    const json_t *item;
    size_t index;
    if (!json_is_array(merges)) return sy_fail(err, SY_ERR_FORMAT, "'merges' is no list");
    if ((int64_t)json_array_size(merges) > t->limits.merges)
        return sy_fail(err, SY_ERR_LIMIT, "%zu merges, the limit is %lld", json_array_size(merges),
                       (long long)t->limits.merges);
    json_array_foreach(merges, index, item) {
        const json_t *left = json_array_get(item, 0), *right = json_array_get(item, 1);
        bool pair = json_array_size(item) == 2 && json_is_string(left) && json_is_string(right), done;
        if (pair)
            done = load_merge_pair(t, json_string_value(left), (int64_t)json_string_length(left),
                                   json_string_value(right), (int64_t)json_string_length(right),
                                   (uint32_t)index, err);
        else if (json_is_string(item))
            done = load_merge(t, json_string_value(item), (int64_t)json_string_length(item), (uint32_t)index,
                              err);
        else
            done = sy_fail(err, SY_ERR_FORMAT, "is no pair of pieces");
        if (!done) return sy_error_at(err, "model, merge %zu", index);
    }
    return true;
}

static bool read_affixes(const json_t *model, struct sy_error *err) {
    static const char *const keys[] = { "continuing_subword_prefix", "end_of_word_suffix" };
    for (int i = 0; i < 2; i++) {
        const char *text;
        if (!field_string(model, keys[i], &text, err)) return false;
        if (text && text[0]) return sy_fail(err, SY_ERR_FORMAT, "%s '%s' is not known here", keys[i], text);
    }
    const json_t *dropout = json_object_get(model, "dropout");
    if (json_is_number(dropout) && json_number_value(dropout) != 0)
        return sy_fail(err, SY_ERR_FORMAT, "dropout makes ids random, which is not known here");
    return true;
}

static bool read_rules(struct tokenizer *t, const json_t *model, struct bpe_rules *rules,
                       struct sy_error *err) {
    const char *unknown;
    *rules = (struct bpe_rules){ .unit = t->byte_level ? BPE_BYTES : BPE_CHARACTERS };
    if (!field_string(model, "unk_token", &unknown, err) ||
        !field_bool(model, "fuse_unk", false, &rules->fuse_unknown, err) ||
        !field_bool(model, "ignore_merges", false, &rules->whole_first, err) ||
        !field_bool(model, "byte_fallback", false, &rules->spell_unknown, err))
        return false;
    rules->unknown = unknown ? (int32_t)vocab_find(&t->vocab, unknown, (int64_t)strlen(unknown)) : -1;
    t->unk = rules->unknown;
    if (t->byte_level)
        load_alphabet_units(t, rules->bytes);
    else
        load_byte_pieces(t, rules->bytes);
    return true;
}

static bool open_bpe(struct tokenizer *t, const json_t *model, int64_t more, struct sy_error *err) {
    struct bpe_rules rules;
    t->kind = t->byte_level ? "byte-level BPE" : "BPE";
    return read_affixes(model, err) && put_vocab(t, json_object_get(model, "vocab"), more, err) &&
           load_decode_pieces(t, err) && read_rules(t, model, &rules, err) &&
           bpe_open(&t->bpe, &rules, &t->vocab, t->byte_level ? t->vocab.decoded : t->vocab.spelled, err) &&
           load_words(t, err) && put_merges(t, json_object_get(model, "merges"), err) &&
           bpe_finish(&t->bpe, err);
}

/* ---- Unigram ---- */

static bool read_piece(const json_t *item, struct unigram_piece *piece, struct sy_error *err) {
    const json_t *text = json_array_get(item, 0), *score = json_array_get(item, 1);
    if (!json_is_string(text) || !json_is_number(score))
        return sy_fail(err, SY_ERR_FORMAT, "is no pair of text and score");
    piece->text = json_string_value(text);
    piece->size = (int64_t)json_string_length(text);
    piece->score = json_number_value(score);
    return true;
}

static bool put_unigram(struct tokenizer *t, const json_t *vocab, struct unigram_piece *pieces, int64_t more,
                        int64_t *count, double *least, struct sy_error *err) {
    const json_t *item;
    size_t index;
    json_array_foreach(vocab, index, item) {
        struct unigram_piece piece = { .id = (int32_t)index };
        if (!read_piece(item, &piece, err) ||
            !vocab_put(&t->vocab, (int64_t)index, piece.text, piece.size, TOKEN_NORMAL, err))
            return sy_error_at(err, "model, piece %zu", index);
        if (piece.score < *least) *least = piece.score;
        if (piece.size > 0) pieces[(*count)++] = piece;
    }
    return vocab_index(&t->vocab, more, err);
}

static bool open_unigram(struct tokenizer *t, const json_t *model, int64_t more, struct sy_error *err) {
    const json_t *vocab = json_object_get(model, "vocab");
    int64_t count = 0, unknown, size = (int64_t)json_array_size(vocab);
    int32_t bytes[256];
    double least = 0;
    bool spell;
    t->kind = "Unigram";
    if (size == 0 || size > t->limits.pieces)
        return sy_fail(err, SY_ERR_FORMAT, "'vocab' is no list of 1 to %lld pieces",
                       (long long)t->limits.pieces);
    if (t->byte_level) return sy_fail(err, SY_ERR_FORMAT, "Unigram behind ByteLevel is not known here");
    if (!field_int(model, "unk_id", -1, &unknown, err) ||
        !field_bool(model, "byte_fallback", false, &spell, err))
        return false;
    if (unknown >= size)
        return sy_fail(err, SY_ERR_FORMAT, "unk_id is %lld, of %lld pieces", (long long)unknown,
                       (long long)size);
    struct unigram_piece *pieces = calloc((size_t)size, sizeof *pieces);
    if (!pieces) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)size);
    bool done = put_unigram(t, vocab, pieces, more, &count, &least, err) && load_decode_pieces(t, err);
    if (done) {
        struct unigram_rules rules = { .unknown = (int32_t)max_i64(unknown, -1),
                                       .unknown_score = least - 10,
                                       .fuse_unknown = true };
        load_byte_pieces(t, bytes);
        if (spell) rules.bytes = bytes;
        t->unk = rules.unknown;
        done = unigram_open(pieces, count, &rules, &t->unigram, err);
    }
    free(pieces);
    return done;
}

static bool open_model(struct tokenizer *t, const json_t *root, struct sy_error *err) {
    const json_t *model = json_object_get(root, "model");
    const char *type = json_string_value(json_object_get(model, "type"));
    int64_t more = (int64_t)json_array_size(json_object_get(root, "added_tokens"));
    bool done = false;
    if (!json_is_object(model)) return sy_fail(err, SY_ERR_FORMAT, "holds no 'model'");
    if (!type) type = json_object_get(model, "merges") ? "BPE" : "Unigram"; /* files of 2020 do not say */
    if (strcmp(type, "BPE") == 0)
        done = open_bpe(t, model, more, err);
    else if (strcmp(type, "Unigram") == 0)
        done = open_unigram(t, model, more, err);
    else {
        sy_fail(err, SY_ERR_FORMAT, "a model of type '%s' is not known here", type);
        sy_error_remedy(err, "known are BPE and Unigram");
    }
    return done || sy_error_at(err, "model");
}

/* ---- all of it ---- */

bool load_json(struct tokenizer *t, const json_t *root, struct sy_error *err) {
    if (!normalizer_open(json_object_get(root, "normalizer"), &t->normalizer, err)) return false;
    if (!pretokenizer_open(json_object_get(root, "pre_tokenizer"), &t->pre, err)) return false;
    if (!decoder_open(json_object_get(root, "decoder"), &t->decoder, err)) return false;
    t->byte_level = t->pre.byte_level;
    if (t->byte_level && (t->decoder.count == 0 || t->decoder.steps[0].kind != DECODE_BYTE_LEVEL)) {
        sy_fail(err, SY_ERR_FORMAT, "is not ByteLevel, as the pre-tokeniser is");
        return sy_error_at(err, "decoder");
    }
    return open_model(t, root, err) && load_added_list(t, json_object_get(root, "added_tokens"), err) &&
           frame_open(json_object_get(root, "post_processor"), &t->vocab, &t->frame, err);
}
