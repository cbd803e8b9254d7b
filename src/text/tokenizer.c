/*
 * The way of a text through the parts:
 *
 *     bytes -> added tokens -> valid UTF-8 -> normaliser -> normalised added tokens -> pre-tokeniser -> model
 *
 * Each stage hands on pieces of text as it finds them, so the first ids are out before the last bytes were
 * looked at, and nothing but the normaliser holds a copy of the text.
 */
#include "text/tokenizer.h"
#include "text/tokenizer_parts.h"

#include "base/checked.h"
#include "base/utf8.h"
#include <stdio.h>
#include <stdlib.h>

/* ---- encoding ---- */

struct encoding { /* one call */
    const struct tokenizer *t;
    struct encode_options options;
    struct id_buffer *ids;
    struct pre_scratch pre;
    struct bpe_scratch bpe;
    struct unigram_scratch unigram;
    struct text normal, valid;
};

static bool encode_word(void *argument, const char *word, int64_t size, struct sy_error *err) {
    struct encoding *e = argument;
    if (e->t->unigram) return unigram_encode(e->t->unigram, &e->unigram, word, size, e->ids, err);
    return bpe_encode(&e->t->bpe, &e->bpe, word, size, e->ids, err);
}

static bool encode_words(struct encoding *e, const char *text, int64_t size, bool first,
                         struct sy_error *err) {
    return pretokenizer_run(&e->t->pre, &e->pre, text, size, first, encode_word, e, err);
}

/* Text that is normalised. */
static bool encode_normal(struct encoding *e, const char *text, int64_t size, bool first,
                          struct sy_error *err) {
    struct added_match match;
    int64_t at = 0;
    while (added_next(&e->t->added_normalized, text, size, at, e->options.parse_special, &match)) {
        if (!encode_words(e, text + at, match.begin - at, first && at == 0, err)) return false;
        if (!id_buffer_add(e->ids, match.id, err)) return false;
        e->bpe.unknown_open = false;
        at = match.end;
    }
    return encode_words(e, text + at, size - at, first && at == 0, err);
}

static bool encode_valid(struct encoding *e, const char *text, int64_t size, bool first,
                         struct sy_error *err) {
    if (size == 0) return true;
    if (!e->t->normalizer || normalizer_is_identity(e->t->normalizer))
        return encode_normal(e, text, size, first, err);
    e->normal.size = 0;
    bool front = first || e->t->front_everywhere;
    if (!normalizer_apply(e->t->normalizer, text, size, front, &e->normal, err)) return false;
    return e->normal.size == 0 || encode_normal(e, e->normal.data, (int64_t)e->normal.size, first, err);
}

/* The end of the valid UTF-8 that begins at `at`. */
static int64_t valid_end(const char *text, int64_t size, int64_t at) {
    uint32_t point = 0;
    while (at < size) {
        uint64_t eight;
        if (size - at >= 8) { /* ASCII in eights */
            memcpy(&eight, text + at, 8);
            if ((eight & 0x8080808080808080u) == 0) {
                at += 8;
                continue;
            }
        }
        int64_t length = (int64_t)utf8_decode(text + at, (size_t)(size - at), &point);
        if (length == 0) break;
        at += length;
    }
    return at;
}

static int64_t invalid_end(const char *text, int64_t size, int64_t at) {
    uint32_t point = 0;
    while (at < size && utf8_decode(text + at, (size_t)(size - at), &point) == 0) at++;
    return at;
}

/* Each byte that is part of no character becomes U+FFFD, as SentencePiece has it. */
static bool encode_mended(struct encoding *e, const char *text, int64_t size, bool first,
                          struct sy_error *err) {
    e->valid.size = 0;
    for (int64_t at = 0; at < size;) {
        int64_t end = valid_end(text, size, at);
        text_add_bytes(&e->valid, text + at, (size_t)(end - at));
        for (at = invalid_end(text, size, end); end < at; end++) text_add_bytes(&e->valid, "\xef\xbf\xbd", 3);
    }
    if (e->valid.failed) return sy_fail(err, SY_ERR_MEMORY, "no memory for %lld bytes", (long long)size);
    return encode_valid(e, e->valid.data, (int64_t)e->valid.size, first, err);
}

/* Any bytes without a special token in them. */
static bool encode_plain(struct encoding *e, const char *text, int64_t size, bool first,
                         struct sy_error *err) {
    int64_t at = valid_end(text, size, 0);
    if (at == size || normalizer_mends(e->t->normalizer)) return encode_valid(e, text, size, first, err);
    if (!e->t->byte_level) return encode_mended(e, text, size, first, err);
    if (!encode_valid(e, text, at, first, err)) return false;
    while (at < size) {
        int64_t end = invalid_end(text, size, at);
        if (!encode_word(e, text + at, end - at, err)) return false;
        at = valid_end(text, size, end);
        if (!encode_valid(e, text + end, at - end, false, err)) return false;
    }
    return true;
}

static bool encode_text(struct encoding *e, const char *text, int64_t size, struct sy_error *err) {
    struct added_match match;
    int64_t at = 0;
    while (added_next(&e->t->added, text, size, at, e->options.parse_special, &match)) {
        if (!encode_plain(e, text + at, match.begin - at, at == 0, err)) return false;
        bool marked = match.begin == 0 && e->t->front_mark > 0 && e->t->vocab.kinds[match.id] == TOKEN_ADDED;
        if (marked && !id_buffer_add(e->ids, (int32_t)e->t->front_mark, err)) return false;
        if (!id_buffer_add(e->ids, match.id, err)) return false;
        e->bpe.unknown_open = false;
        at = match.end;
    }
    return encode_plain(e, text + at, size - at, at == 0, err);
}

static bool add_ids(struct id_buffer *ids, const int32_t *from, int count, struct sy_error *err) {
    for (int i = 0; i < count; i++)
        if (!id_buffer_add(ids, from[i], err)) return false;
    return true;
}

bool tokenizer_encode(const struct tokenizer *t, const char *bytes, int64_t size,
                      struct encode_options options, struct id_buffer *ids, struct sy_error *err) {
    struct encoding e = { .t = t, .options = options, .ids = ids };
    const struct frame *frame = &t->frame;
    bool framed = !options.no_special;
    bool done = pre_scratch_open(&e.pre, err) &&
                add_ids(ids, frame->before, framed ? frame->before_count : 0, err) &&
                encode_text(&e, bytes, size, err) &&
                add_ids(ids, frame->behind, framed ? frame->behind_count : 0, err);
    pre_scratch_close(&e.pre);
    bpe_scratch_free(&e.bpe);
    unigram_scratch_free(&e.unigram);
    text_free(&e.normal);
    text_free(&e.valid);
    return done;
}

/* ---- decoding ---- */

struct token_stream token_stream_begin(const struct tokenizer *tokenizer) {
    return (struct token_stream){ .tokenizer = tokenizer };
}

bool token_stream_next(struct token_stream *stream, int32_t id, struct text *out, struct sy_error *err) {
    return decoder_next(&stream->tokenizer->decoder, &stream->tokenizer->vocab, stream, id, out, err);
}

void token_stream_end(struct token_stream *stream, struct text *out) {
    decoder_end(stream, out);
}

bool tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids, int64_t count, struct text *out,
                      struct sy_error *err) {
    struct token_stream stream = token_stream_begin(tokenizer);
    for (int64_t i = 0; i < count; i++)
        if (!token_stream_next(&stream, ids[i], out, err))
            return sy_error_at(err, "id %lld", (long long)i + 1);
    token_stream_end(&stream, out);
    return !out->failed || sy_fail(err, SY_ERR_MEMORY, "no memory for the text");
}

/* ---- single tokens ---- */

enum token_kind tokenizer_kind(const struct tokenizer *tokenizer, int64_t id) {
    return vocab_has(&tokenizer->vocab, id) ? (enum token_kind)tokenizer->vocab.kinds[id] : TOKEN_NONE;
}

const char *tokenizer_piece(const struct tokenizer *tokenizer, int64_t id, int64_t *size) {
    bool there = vocab_has(&tokenizer->vocab, id);
    *size = there ? tokenizer->vocab.spelled[id].size : 0;
    return there ? vocab_text(&tokenizer->vocab, tokenizer->vocab.spelled[id]) : NULL;
}

int64_t tokenizer_find(const struct tokenizer *tokenizer, const char *piece, int64_t size) {
    return vocab_find(&tokenizer->vocab, piece, size);
}

/* ---- the whole ---- */

static const struct tokenizer_limits usual = {
    .file_bytes = (int64_t)128 << 20,
    .pieces = 1 << 21,
    .piece_bytes = 1 << 16,
    .merges = 1 << 22,
    .memory_bytes = (int64_t)1 << 30,
};

struct tokenizer *tokenizer_blank(const char *path, const struct tokenizer_limits *limits,
                                  struct sy_error *err) {
    struct tokenizer *t = calloc(1, sizeof *t);
    if (!t) {
        sy_fail(err, SY_ERR_MEMORY, "no memory for a tokenizer");
        return NULL;
    }
    t->limits = limits ? *limits : usual;
    if (t->limits.file_bytes <= 0) t->limits.file_bytes = usual.file_bytes;
    if (t->limits.pieces <= 0) t->limits.pieces = usual.pieces;
    if (t->limits.piece_bytes <= 0) t->limits.piece_bytes = usual.piece_bytes;
    if (t->limits.merges <= 0) t->limits.merges = usual.merges;
    if (t->limits.memory_bytes <= 0) t->limits.memory_bytes = usual.memory_bytes;
    t->vocab.limits = t->limits;
    t->bos = t->eos = t->unk = t->pad = -1;
    snprintf(t->file, sizeof t->file, "%s", path);
    return t;
}

const struct text_notes *tokenizer_notes(const struct tokenizer *t) {
    return &t->notes;
}

const json_t *tokenizer_names(const struct tokenizer *t) {
    return t->names;
}

struct tokenizer_facts tokenizer_facts(const struct tokenizer *t) {
    struct tokenizer_facts facts = {
        .file = t->file,
        .kind = t->kind,
        .count = t->vocab.count,
        .bos = t->bos,
        .eos = t->eos,
        .unk = t->unk,
        .pad = t->pad,
        .reading = t->reading,
        .adds_bos = t->bos >= 0 && t->frame.before_count > 0 && t->frame.before[0] == t->bos,
        .adds_eos =
            t->eos >= 0 && t->frame.behind_count > 0 && t->frame.behind[t->frame.behind_count - 1] == t->eos,
        .bytes = (int64_t)sizeof *t + vocab_bytes(&t->vocab) + bpe_bytes(&t->bpe) +
                 (t->unigram ? unigram_bytes(t->unigram) : 0) + added_bytes(&t->added) +
                 added_bytes(&t->added_normalized),
    };
    for (int64_t id = 0; id < t->vocab.count; id++)
        facts.piece_bytes_max =
            max_i64(facts.piece_bytes_max, max_i64(t->vocab.decoded[id].size, t->vocab.spelled[id].size));
    return facts;
}

static bool strips(const struct added *added) {
    for (int64_t i = 0; i < added->count; i++)
        if (added->tokens[i].lstrip || added->tokens[i].rstrip) return true;
    return false;
}

/* How many times less encoding may make of a text before it is cut into pieces. */
static int64_t shortened(const struct tokenizer *t) {
    for (int i = 0; i < t->pre.count; i++)
        if (t->pre.steps[i].behavior == PRE_REMOVED) return TEXT_SHORTENED;
    for (int byte = 0; t->byte_level && byte < 256; byte++)
        if (t->bpe.rules.bytes[byte] < 0) return TEXT_SHORTENED; /* it is left out of a text */
    bool plain = !t->normalizer || normalizer_is_identity(t->normalizer);
    if (!t->byte_level || strips(&t->added) || strips(&t->added_normalized)) return TEXT_SHORTENED;
    return plain ? 1 : normalizer_is_nfc(t->normalizer) ? TEXT_COMPOSED : TEXT_SHORTENED;
}

int64_t tokenizer_bytes_most(const struct tokenizer *t, int64_t ids) {
    int64_t bytes, longest = max_i64(1, tokenizer_facts(t).piece_bytes_max);
    if (!size_mul(ids, longest, &bytes) || !size_mul(bytes, shortened(t), &bytes)) return INT64_MAX;
    return bytes;
}

void tokenizer_close(struct tokenizer *t) {
    if (!t) return;
    bpe_close(&t->bpe);
    unigram_close(t->unigram);
    added_close(&t->added);
    added_close(&t->added_normalized);
    normalizer_close(t->normalizer);
    pretokenizer_close(&t->pre);
    vocab_close(&t->vocab);
    json_decref(t->names);
    free(t);
}
