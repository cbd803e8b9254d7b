/*
 * SentencePiece models, from a tokenizer.model or from the same facts in GGUF.
 *
 * Pieces of type unused are left out of merging; SentencePiece lets them form on the way to longer ones,
 * which no published model depends on.
 */
#include "text/load/bpe.h"
#include "text/sentencepiece/spm_model.h"

#include <stdlib.h>

#define UNKNOWN_SURFACE " \xe2\x81\x87 " /* what SentencePiece decodes the unknown piece to */

static enum token_kind kind_of(enum spm_piece_type type) {
    switch (type) {
    case SPM_UNKNOWN: return TOKEN_UNKNOWN;
    case SPM_CONTROL: return TOKEN_CONTROL;
    case SPM_USER_DEFINED: return TOKEN_ADDED;
    case SPM_BYTE: return TOKEN_BYTE;
    default: return TOKEN_NORMAL;
    }
}

/* What a piece decodes to, where decoder_piece does not know its type. */
static bool decode_special(struct tokenizer *t, int64_t id, enum spm_piece_type type, struct sy_error *err) {
    if (type == SPM_CONTROL) return vocab_decodes(&t->vocab, id, "", 0, err);
    if (type == SPM_UNKNOWN)
        return vocab_decodes(&t->vocab, id, UNKNOWN_SURFACE, sizeof UNKNOWN_SURFACE - 1, err);
    if (type != SPM_BYTE) return true;
    struct piece piece = t->vocab.spelled[id];
    int value = piece_byte(vocab_text(&t->vocab, piece), piece.size);
    char byte = (char)value;
    return value < 0 ? sy_fail(err, SY_ERR_FORMAT, "is of type byte and not spelled <0xNN>")
                     : vocab_decodes(&t->vocab, id, &byte, 1, err);
}

static bool put_pieces(struct tokenizer *t, const struct spm_model *model, struct sy_error *err) {
    if (model->count > t->limits.pieces)
        return sy_fail(err, SY_ERR_LIMIT, "%lld pieces, the limit is %lld", (long long)model->count,
                       (long long)t->limits.pieces);
    for (int64_t id = 0; id < model->count; id++) {
        const struct spm_piece *piece = &model->pieces[id];
        if (!vocab_put(&t->vocab, id, piece->text, piece->size, kind_of(piece->type), err))
            return sy_error_at(err, "piece %lld", (long long)id);
    }
    if (!vocab_index(&t->vocab, 1024, err) || !load_decode_pieces(t, err)) return false;
    for (int64_t id = 0; id < model->count; id++)
        if (!decode_special(t, id, model->pieces[id].type, err))
            return sy_error_at(err, "piece %lld", (long long)id);
    return true;
}

/* Control pieces are special, and looked for in the text as it came; user-defined ones in what the normaliser
 * made of it, where nothing merges with them (Unigram knows them itself), or where the model says so in the
 * text as it came, too. */
static bool put_added(struct tokenizer *t, const struct spm_model *model, struct sy_error *err) {
    for (int64_t id = 0; id < model->count; id++) {
        const struct spm_piece *piece = &model->pieces[id];
        struct added_token token = { .id = (int32_t)id };
        if (piece->type == SPM_CONTROL || piece->type == SPM_UNKNOWN) {
            token.special = true;
            if (!added_put(&t->added, piece->text, piece->size, token, err)) return false;
        } else if (piece->type == SPM_USER_DEFINED && (model->cuts_user_defined || model->kind == SPM_BPE)) {
            struct added *added = model->cuts_user_defined ? &t->added : &t->added_normalized;
            if (!added_put(added, piece->text, piece->size, token, err)) return false;
        }
    }
    return true;
}

struct scored {
    float score;
    int32_t id;
};

static int by_score(const void *a, const void *b) {
    float left = ((const struct scored *)a)->score, right = ((const struct scored *)b)->score;
    return (left < right) - (left > right);
}

/* The best score has rank 0; equal ones share a rank. */
static bool merge_by_score(struct tokenizer *t, const struct spm_model *model, struct scored *order,
                           uint32_t *ranks, struct sy_error *err) {
    int64_t count = 0;
    uint32_t rank = 0;
    for (int64_t id = 0; id < model->count; id++) {
        ranks[id] = BPE_NO_RANK;
        if (model->pieces[id].type != SPM_NORMAL && model->pieces[id].type != SPM_USER_DEFINED) continue;
        order[count++] = (struct scored){ model->pieces[id].score, (int32_t)id };
        if (!bpe_word(&t->bpe, (int32_t)id, err)) return false;
    }
    qsort(order, (size_t)count, sizeof *order, by_score);
    for (int64_t i = 0; i < count; i++) {
        rank += i > 0 && order[i].score != order[i - 1].score;
        ranks[order[i].id] = rank;
    }
    return bpe_merge_all(&t->bpe, ranks, true, err) && bpe_finish(&t->bpe, err);
}

static bool open_bpe(struct tokenizer *t, const struct spm_model *model, struct sy_error *err) {
    struct bpe_rules rules = { .unit = BPE_CHARACTERS,
                               .fuse_unknown = true,
                               .unknown_spans_words = true,
                               .spell_unknown = model->byte_fallback,
                               .unknown = (int32_t)model->unk };
    memcpy(rules.bytes, model->bytes, sizeof rules.bytes);
    t->kind = "SentencePiece BPE";
    if (!bpe_open(&t->bpe, &rules, &t->vocab, t->vocab.spelled, err)) return false;
    struct scored *order = calloc((size_t)model->count, sizeof *order);
    uint32_t *ranks = calloc((size_t)model->count, sizeof *ranks);
    bool done = order && ranks
                    ? merge_by_score(t, model, order, ranks, err)
                    : sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)model->count);
    free(order);
    free(ranks);
    return done;
}

bool load_spm_model(struct tokenizer *t, const struct spm_model *model, struct sy_error *err) {
    t->front_everywhere = true;
    t->bos = model->bos;
    t->eos = model->eos;
    t->unk = model->unk;
    t->pad = model->pad;
    decoder_open_spm(&t->decoder, model->rules.add_dummy_prefix, model->rules.remove_extra_whitespaces);
    if (!put_pieces(t, model, err) || !put_added(t, model, err)) return false;
    if (!normalizer_open_spm(&model->rules, &t->normalizer, err)) return false;
    if (model->kind == SPM_BPE) return open_bpe(t, model, err);
    t->kind = "Unigram";
    return unigram_open_spm(model, &t->unigram, err);
}

/* The file says no frame: a BPE model's makers put bos in front, T5's eos behind. */
static bool put_frame(struct tokenizer *t, const struct spm_model *model, struct sy_error *err) {
    if (model->kind == SPM_BPE) return t->bos < 0 || frame_before(&t->frame, t->bos, err);
    return t->eos < 0 || t->bos >= 0 || frame_behind(&t->frame, t->eos, err);
}

bool load_spm(struct tokenizer *t, const char *bytes, int64_t size, struct sy_error *err) {
    struct spm_limits limits = { .file_bytes = t->limits.file_bytes,
                                 .memory_bytes = t->limits.memory_bytes,
                                 .pieces = t->limits.pieces,
                                 .piece_bytes = t->limits.piece_bytes };
    struct spm_model model;
    t->counts_on = true;
    if (!spm_model_read((const unsigned char *)bytes, size, &limits, &model, err)) return false;
    bool done = load_spm_model(t, &model, err) && put_frame(t, &model, err);
    spm_model_close(&model);
    return done;
}
