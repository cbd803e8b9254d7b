#include "text/load/bpe.h"

#include "base/utf8.h"
#include "text/byte_alphabet.h"
#include <stdio.h>
#include <stdlib.h>

bool load_decode_pieces(struct tokenizer *t, struct sy_error *err) {
    struct text made = { 0 }, spare = { 0 };
    bool done = true;
    for (int64_t id = 0; done && id < t->vocab.count; id++) {
        struct piece piece = t->vocab.spelled[id];
        bool byte;
        decoder_piece(&t->decoder, vocab_text(&t->vocab, piece), piece.size, &made, &spare, &byte);
        if (made.failed) done = sy_fail(err, SY_ERR_MEMORY, "no memory for the pieces");
        done = done && vocab_decodes(&t->vocab, id, made.data, (int64_t)made.size, err);
        if (byte && t->vocab.kinds[id] == TOKEN_NORMAL) t->vocab.kinds[id] = TOKEN_BYTE;
    }
    text_free(&made);
    text_free(&spare);
    return done;
}

void load_alphabet_units(const struct tokenizer *t, int32_t units[256]) {
    for (int byte = 0; byte < 256; byte++) {
        char text[4];
        int64_t size = utf8_encode(byte_to_point((unsigned char)byte), text);
        units[byte] = (int32_t)vocab_find(&t->vocab, text, size);
    }
}

void load_byte_pieces(const struct tokenizer *t, int32_t units[256]) {
    for (int byte = 0; byte < 256; byte++) {
        char text[8];
        snprintf(text, sizeof text, "<0x%02X>", byte);
        units[byte] = (int32_t)vocab_find(&t->vocab, text, 6);
    }
}

static bool is_word(const struct tokenizer *t, int64_t id) {
    struct piece piece = t->vocab.spelled[id];
    const char *text = vocab_text(&t->vocab, piece);
    for (int64_t at = 0; t->byte_level && at < piece.size;) {
        uint32_t point = UINT32_MAX;
        at += (int64_t)utf8_decode(text + at, (size_t)(piece.size - at), &point);
        if (point == UINT32_MAX || point_to_byte(point) < 0) return false;
    }
    return vocab_has(&t->vocab, id);
}

bool load_words(struct tokenizer *t, struct sy_error *err) {
    for (int64_t id = 0; id < t->vocab.count; id++)
        if (is_word(t, id) && !bpe_word(&t->bpe, (int32_t)id, err)) return false;
    return true;
}

static bool missing(const char *text, int64_t size, struct sy_error *err) {
    sy_fail(err, SY_ERR_FORMAT, "'%.*s' is not in the vocabulary", (int)(size < 80 ? size : 80), text);
    return sy_error_remedy(err, "get the file anew");
}

bool load_merge_pair(struct tokenizer *t, const char *left, int64_t left_size, const char *right,
                     int64_t right_size, uint32_t rank, struct sy_error *err) {
    char small[256], *joined = small;
    int64_t size = left_size + right_size;
    int64_t from = vocab_find(&t->vocab, left, left_size), to = vocab_find(&t->vocab, right, right_size);
    if (from < 0) return missing(left, left_size, err);
    if (to < 0) return missing(right, right_size, err);
    if (size > (int64_t)sizeof small && !(joined = malloc((size_t)size)))
        return sy_fail(err, SY_ERR_MEMORY, "no memory for a merge of %lld bytes", (long long)size);
    memcpy(joined, left, (size_t)left_size);
    memcpy(joined + left_size, right, (size_t)right_size);
    int64_t made = vocab_find(&t->vocab, joined, size);
    bool done = made >= 0 ? bpe_merge(&t->bpe, (int32_t)from, (int32_t)to, rank, (int32_t)made, err)
                          : missing(joined, size, err);
    if (joined != small) free(joined);
    return done;
}

bool load_merge(struct tokenizer *t, const char *text, int64_t size, uint32_t rank, struct sy_error *err) {
    /* A piece may itself be a space, but is never empty: the space that divides is not the first byte. */
    const char *space = size > 1 ? memchr(text + 1, ' ', (size_t)(size - 1)) : NULL;
    if (!space || space == text + size - 1) {
        sy_fail(err, SY_ERR_FORMAT, "'%.*s' is not two pieces with a space between",
                (int)(size < 80 ? size : 80), text);
        return sy_error_remedy(err, "get the file anew");
    }
    return load_merge_pair(t, text, space - text, space + 1, text + size - space - 1, rank, err);
}

bool load_ranks(struct tokenizer *t, const uint32_t *ranks, struct sy_error *err) {
    struct bpe_rules rules = { .unit = BPE_BYTES, .whole_first = true, .unknown = -1 };
    for (int byte = 0; byte < 256; byte++) {
        char text = (char)byte;
        rules.bytes[byte] = (int32_t)vocab_find(&t->vocab, &text, 1);
    }
    t->kind = "byte-level BPE";
    t->byte_level = true;
    if (!bpe_open(&t->bpe, &rules, &t->vocab, t->vocab.decoded, err)) return false;
    for (int64_t id = 0; id < t->vocab.count; id++)
        if (ranks[id] != BPE_NO_RANK && !bpe_word(&t->bpe, (int32_t)id, err)) return false;
    return bpe_merge_all(&t->bpe, ranks, false, err) && bpe_finish(&t->bpe, err);
}

bool load_pre(struct tokenizer *t, const struct pre_name *pre, struct sy_error *err) {
    for (int i = 0; i < PRE_PATTERNS_MAX && pre->patterns[i]; i++) {
        const char *pattern = pre->patterns[i];
        if (!pretokenizer_add_pattern(&t->pre, pattern, (int64_t)strlen(pattern), PATTERN_RUST, err))
            return false;
    }
    return true;
}
