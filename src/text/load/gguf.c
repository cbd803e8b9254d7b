/*
 * Vocabularies inside GGUF files. One that carries a tokenizer's own file is read from that (kept.c); else
 * tokenizer.ggml.model says which kind of tokenizer it is:
 *
 *     gpt2     byte-level BPE: tokens in the byte alphabet, merges, a pattern by name (pretokenize/names.c)
 *     llama    SentencePiece BPE: tokens, scores, types
 *     t5       Unigram: the same, and a character map
 *
 * Source: ggml docs/gguf.md; llama.cpp src/llama-vocab.cpp for what keys default to.
 */
#include "formats/gguf.h"
#include "text/load/bpe.h"
#include "text/load/gguf_keys.h"
#include "text/meanings.h"
#include "text/pretokenize/names.h"

#include "base/checked.h"
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct source {
    const struct gguf *gguf;
    const struct gguf_value *tokens, *types, *scores, *merges; /* NULL: not there */
    int64_t count;
};

/* ---- keys ---- */

static bool find_array(const struct gguf *gguf, const char *name, enum gguf_type type,
                       const struct gguf_value **out, struct sy_error *err) {
    *out = load_key(gguf, name);
    if (!*out || load_key_array(*out, type)) return true;
    sy_fail(err, SY_ERR_FORMAT, "is no list of %s", type == GGUF_STRING ? "texts" : "numbers");
    return sy_error_at(err, LOAD_KEY "%s", name);
}

static int type_of(const struct source *s, int64_t id) {
    int64_t type = SPM_NORMAL;
    if (!s->types || !gguf_item_int(s->types, id, &type)) return SPM_NORMAL;
    return type >= SPM_NORMAL && type <= SPM_BYTE ? (int)type : SPM_NORMAL;
}

static bool open_source(struct source *s, const struct gguf *gguf, struct sy_error *err) {
    *s = (struct source){ .gguf = gguf };
    if (!find_array(gguf, "tokens", GGUF_STRING, &s->tokens, err) ||
        !find_array(gguf, "token_type", GGUF_I32, &s->types, err) ||
        !find_array(gguf, "scores", GGUF_F32, &s->scores, err) ||
        !find_array(gguf, "merges", GGUF_STRING, &s->merges, err))
        return false;
    s->count = s->tokens ? s->tokens->array.count : 0;
    if (s->count > 0) return true;
    sy_fail(err, SY_ERR_FORMAT, "holds no tokens");
    return sy_error_at(err, LOAD_KEY "tokens");
}

/* ---- gpt2 ---- */

static enum token_kind kind_of(int type) {
    return type == SPM_CONTROL        ? TOKEN_CONTROL
           : type == SPM_UNKNOWN      ? TOKEN_UNKNOWN
           : type == SPM_USER_DEFINED ? TOKEN_ADDED
                                      : TOKEN_NORMAL;
}

static bool put_tokens(struct tokenizer *t, const struct source *s, struct sy_error *err) {
    for (int64_t id = 0; id < s->count; id++) {
        struct gguf_text text = s->tokens->array.items[id].text;
        if (!vocab_put(&t->vocab, id, text.data, text.size, kind_of(type_of(s, id)), err)) return false;
    }
    return vocab_index(&t->vocab, 0, err) && load_decode_pieces(t, err);
}

static bool put_specials(struct tokenizer *t, const struct source *s, struct sy_error *err) {
    for (int64_t id = 0; id < s->count; id++) {
        struct gguf_text text = s->tokens->array.items[id].text;
        enum token_kind kind = kind_of(type_of(s, id));
        struct added_token token = { .id = (int32_t)id, .special = kind != TOKEN_ADDED };
        if (kind != TOKEN_NORMAL && !added_put(&t->added, text.data, text.size, token, err)) return false;
    }
    return true;
}

static bool put_merges(struct tokenizer *t, const struct source *s, struct sy_error *err) {
    int64_t count = s->merges->array.count;
    if (count > t->limits.merges)
        return sy_fail(err, SY_ERR_LIMIT, "%lld merges, the limit is %lld", (long long)count,
                       (long long)t->limits.merges);
    for (int64_t i = 0; i < count; i++) {
        struct gguf_text text = s->merges->array.items[i].text;
        if (!load_merge(t, text.data, text.size, (uint32_t)i, err))
            return sy_error_at(err, LOAD_KEY "merges, item %lld", (long long)i);
    }
    return bpe_finish(&t->bpe, err);
}

/* Without merges (Kimi-K2's files) the ids are the ranks, as in the rank file that they came from. */
static bool merge_by_id(struct tokenizer *t, struct sy_error *err) {
    uint32_t *ranks = malloc((size_t)t->vocab.count * sizeof *ranks);
    if (!ranks) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld ranks", (long long)t->vocab.count);
    for (int64_t id = 0; id < t->vocab.count; id++)
        ranks[id] = t->vocab.kinds[id] == TOKEN_NORMAL ? (uint32_t)id : BPE_NO_RANK;
    bool done = bpe_merge_all(&t->bpe, ranks, false, err) && bpe_finish(&t->bpe, err);
    free(ranks);
    return done;
}

static bool open_normalizer(struct tokenizer *t, bool nfc, struct sy_error *err) {
    json_t *value = nfc ? json_pack("{s:s}", "type", "NFC") : NULL;
    bool done = normalizer_open(value, &t->normalizer, err);
    json_decref(value);
    return done;
}

static bool open_gpt2(struct tokenizer *t, const struct source *s, struct sy_error *err) {
    struct bpe_rules rules = { .unit = BPE_BYTES, .unknown = -1 };
    char name[208];
    load_key_text(s->gguf, "pre", name, sizeof name);
    const struct pre_name *pre = pre_name_find(name[0] ? name : "default");
    if (!pre) {
        sy_fail(err, SY_ERR_FORMAT, "no pre-tokeniser is called '%.80s'", name);
        return sy_error_at(err, LOAD_KEY "pre");
    }
    if (!s->merges && pre != pre_name_find("kimi-k2")) {
        sy_fail(err, SY_ERR_FORMAT, "holds no merges");
        return sy_error_at(err, LOAD_KEY "merges");
    }
    t->kind = "byte-level BPE";
    t->byte_level = true;
    t->decoder = (struct decoder){ .steps = { { .kind = DECODE_BYTE_LEVEL } }, .count = 1 };
    if (!put_tokens(t, s, err) || !put_specials(t, s, err) || !load_pre(t, pre, err)) return false;
    load_alphabet_units(t, rules.bytes);
    rules.whole_first = pre->whole_first;
    if (!open_normalizer(t, pre->nfc, err) || !bpe_open(&t->bpe, &rules, &t->vocab, t->vocab.decoded, err))
        return false;
    if (!load_words(t, err)) return false;
    if (!(s->merges ? put_merges(t, s, err) : merge_by_id(t, err))) return false;
    t->adds_bos_by_name = pre->adds_bos;
    return true;
}

/* ---- llama and t5 ---- */

static bool put_spm_pieces(const struct source *s, struct spm_model *model, struct sy_error *err) {
    for (int64_t id = 0; id < s->count; id++) {
        struct gguf_text text = s->tokens->array.items[id].text;
        struct spm_piece *piece = &model->pieces[id];
        double score = 0;
        *piece = (struct spm_piece){ .text = text.data,
                                     .size = text.size,
                                     .type = (enum spm_piece_type)type_of(s, id) };
        if (s->scores && (!gguf_item_real(s->scores, id, &score) || !isfinite(score))) {
            sy_fail(err, SY_ERR_FORMAT, "piece %lld has no finite score", (long long)id);
            return sy_error_at(err, LOAD_KEY "scores");
        }
        piece->score = (float)score;
        if (text.size == 0) piece->type = SPM_UNUSED;
        int byte = piece->type == SPM_BYTE ? piece_byte(text.data, text.size) : -1;
        if (byte >= 0) model->bytes[byte] = (int32_t)id;
        if (piece->type == SPM_UNKNOWN && model->unk < 0) model->unk = id;
    }
    return true;
}

static bool put_charsmap(const struct source *s, struct spm_model *model, struct sy_error *err) {
    const struct gguf_value *map = load_key(s->gguf, "precompiled_charsmap");
    if (!map) return true;
    if (map->type != GGUF_ARRAY || (map->array.type != GGUF_U8 && map->array.type != GGUF_I8)) {
        sy_fail(err, SY_ERR_FORMAT, "is no list of bytes");
        return sy_error_at(err, LOAD_KEY "precompiled_charsmap");
    }
    model->rules.charsmap = map->array.bytes;
    model->rules.charsmap_size = map->array.count;
    return true;
}

static bool fill_spm(const struct source *s, enum spm_kind kind, struct spm_model *model,
                     struct sy_error *err) {
    const struct gguf *gguf = s->gguf;
    bool unigram = kind == SPM_UNIGRAM;
    model->kind = kind;
    model->count = s->count;
    model->unk = -1;
    memset(model->bytes, 0xff, sizeof model->bytes);
    if (!put_spm_pieces(s, model, err) || !put_charsmap(s, model, err)) return false;
    model->bos = load_key_id(gguf, "bos_token_id", s->count, unigram ? s->count : 1);
    model->eos = load_key_id(gguf, "eos_token_id", s->count, unigram ? 1 : 2);
    model->unk = load_key_id(gguf, "unknown_token_id", s->count,
                             model->unk >= 0 ? model->unk
                             : unigram       ? 2
                                             : 0);
    model->pad = load_key_id(gguf, "padding_token_id", s->count, s->count);
    model->byte_fallback = model->bytes[0] >= 0;
    model->cuts_user_defined = true; /* converters write added tokens so, with plain spaces in them */
    model->rules.add_dummy_prefix = load_key_bool(gguf, "add_space_prefix", true);
    model->rules.remove_extra_whitespaces = load_key_bool(gguf, "remove_extra_whitespaces", false);
    model->rules.escape_whitespaces = true;
    model->rules.pieces = model->pieces;
    model->rules.piece_count = model->count;
    return true;
}

/* What an added token does to the white space behind it stands in tokenizer.json, and in no key of GGUF: that
 * Phi-3's take it along, but for three of them, is known by the model's name alone. */
static void strip_behind(struct tokenizer *t, const struct gguf *gguf) {
    static const char *const keeping[] = { "<unk>", "<s>", "<|endoftext|>" };
    char name[208];
    load_text_of(gguf_find(gguf, "general.name"), name, sizeof name);
    if (!strcasestr(name, "phi-3") && !strcasestr(name, "phi3")) return;
    for (int64_t i = 0; i < t->added.count; i++) t->added.tokens[i].rstrip = true;
    for (size_t k = 0; k < sizeof keeping / sizeof keeping[0]; k++) {
        int64_t id = vocab_find(&t->vocab, keeping[k], (int64_t)strlen(keeping[k]));
        for (int64_t i = 0; i < t->added.count; i++)
            if (t->added.tokens[i].id == id) t->added.tokens[i].rstrip = false;
    }
}

static bool open_spm(struct tokenizer *t, const struct source *s, enum spm_kind kind, struct sy_error *err) {
    struct spm_model model = { .kind = kind };
    if (s->count > t->limits.pieces)
        return sy_fail(err, SY_ERR_LIMIT, "%lld pieces, the limit is %lld", (long long)s->count,
                       (long long)t->limits.pieces);
    model.pieces = calloc((size_t)s->count, sizeof *model.pieces);
    if (!model.pieces) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld pieces", (long long)s->count);
    bool done = fill_spm(s, kind, &model, err) && load_spm_model(t, &model, err);
    if (done) strip_behind(t, s->gguf);
    free(model.pieces);
    return done;
}

/* ---- all of it ---- */

static bool put_frame(struct tokenizer *t, const struct gguf *gguf, const char *kind, struct sy_error *err) {
    bool llama = strcmp(kind, "llama") == 0, t5 = strcmp(kind, "t5") == 0;
    t->bos = load_key_id(gguf, "bos_token_id", t->vocab.count, llama ? 1 : t->vocab.count);
    t->eos = load_key_id(gguf, "eos_token_id", t->vocab.count, llama ? 2 : t5 ? 1 : t->vocab.count);
    t->unk = load_key_id(gguf, "unknown_token_id", t->vocab.count, t->unk >= 0 ? t->unk : t->vocab.count);
    t->pad = load_key_id(gguf, "padding_token_id", t->vocab.count, t->vocab.count);
    if (load_key_bool(gguf, "add_bos_token", llama || t->adds_bos_by_name) && t->bos >= 0 &&
        !frame_before(&t->frame, t->bos, err))
        return false;
    return !load_key_bool(gguf, "add_eos_token", t5) || t->eos < 0 || frame_behind(&t->frame, t->eos, err);
}

static void note_what_is_not_obeyed(struct tokenizer *t, const struct gguf *gguf) {
    for (int64_t i = 0; i < gguf->key_count; i++) {
        const struct gguf_key *key = &gguf->keys[i];
        const struct meaning *meaning = meaning_find(vocab_key_meanings, key->name);
        if (strncmp(key->name, "tokenizer.", 10) != 0 || (meaning && meaning->fate != FATE_WARNED)) continue;
        bool asks = key->value.type == GGUF_ARRAY ? key->value.array.count > 0
                                                  : key->value.type == GGUF_STRING || key->value.u != 0;
        if (asks) text_note(&t->notes, "metadata", key->name, "%s", meaning ? meaning->reason : NOT_KNOWN);
    }
}

bool load_ggml(struct tokenizer *t, const struct gguf *gguf, struct sy_error *err) {
    struct source source;
    char kind[208];
    bool done;
    load_key_text(gguf, "model", kind, sizeof kind);
    if (!kind[0] || strcmp(kind, "none") == 0 || strcmp(kind, "no_vocab") == 0) {
        sy_fail(err, SY_ERR_IO, TOKENIZER_NONE);
        return sy_error_remedy(err,
                               "give a file with tokenizer.ggml.* keys; to run this one, ids do as well");
    }
    if (!open_source(&source, gguf, err)) return false;
    if (strcmp(kind, "gpt2") == 0)
        done = open_gpt2(t, &source, err);
    else if (strcmp(kind, "llama") == 0)
        done = open_spm(t, &source, SPM_BPE, err);
    else if (strcmp(kind, "t5") == 0)
        done = open_spm(t, &source, SPM_UNIGRAM, err);
    else {
        sy_fail(err, SY_ERR_FORMAT, "tokenizers of kind '%.80s' are not known here", kind);
        sy_error_remedy(err, "known are gpt2, llama and t5");
        return sy_error_at(err, LOAD_KEY "model");
    }
    note_what_is_not_obeyed(t, gguf);
    return done && put_frame(t, gguf, kind, err);
}
