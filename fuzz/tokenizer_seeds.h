/*
 * What the two tokenizer targets share: small valid tokenizers, and what must hold of any that was accepted,
 * whatever text it is given.
 */
#ifndef FUZZ_TOKENIZER_SEEDS_H
#define FUZZ_TOKENIZER_SEEDS_H

#include "base/utf8.h"
#include "check.h"
#include "text/byte_alphabet.h"
#include "text/load/load.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- tokenizers ---- */

enum { TOKENIZER_SEEDS = 4 };

static const char seed_added[] =
    "\"added_tokens\":[{\"id\":900,\"content\":\"<s>\",\"special\":true,\"normalized\":false},"
    "{\"id\":901,\"content\":\"<mask>\",\"special\":true,\"lstrip\":true,\"rstrip\":true,\"normalized\":"
    "false},"
    "{\"id\":902,\"content\":\"word\",\"special\":false,\"single_word\":true,\"normalized\":true}],"
    "\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":{\"id\":\"<s>\"}},{"
    "\"Sequence\":{\"id\":\"A\"}}],\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[900]}}},";

static inline void seed_bytes(struct text *out, bool small) {
    text_add(
        out,
        "{%s\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{"
        "\"Regex\":\"%s\"},\"behavior\":\"Isolated\"},{\"type\":\"ByteLevel\",\"add_prefix_space\":false,"
        "\"use_regex\":%s}]},\"decoder\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\",\"vocab\":{",
        seed_added,
        small ? "\\\\p{N}{1,3}"
              : "(?i:'s|'t)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|\\\\p{N}|\\\\s+(?!\\\\S)",
        small ? "false" : "true");
    for (int byte = small ? 'a' : 0; byte < (small ? 'g' : 256); byte++) {
        char piece[5] = "";
        piece[utf8_encode(byte_to_point((unsigned char)byte), piece)] = 0;
        text_add_json_string(out, piece);
        text_add(out, ":%d,", byte);
    }
    text_add(out, "\"ab\":300,\"abc\":301,\"cc\":302,\"cccc\":303,\"de\":304,\"bcde\":305,\"bc\":306},"
                  "\"merges\":[\"a b\","
                  "\"c c\",\"cc cc\",[\"ab\",\"c\"],\"d e\",\"b c\",\"bc de\"]}}");
}

static inline void seed_fallback(struct text *out) {
    text_add(out,
             "{%s\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\",\"prepend_"
             "scheme\":\"first\","
             "\"split\":false},\"decoder\":{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
             "\"pattern\":{"
             "\"String\":\"\xe2\x96\x81\"},\"content\":\" "
             "\"},{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":"
             "\"Strip\",\"content\":\" "
             "\",\"start\":1,\"stop\":0}]},\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\","
             "\"fuse_unk\":true,\"byte_fallback\":true,\"vocab\":{\"<unk>\":0,",
             seed_added);
    for (int byte = 0; byte < 256; byte++) text_add(out, "\"<0x%02X>\":%d,", byte, byte + 1);
    text_add(
        out,
        "\"a\":300,\"b\":301,\"\xe2\x96\x81\":302,\"\xe2\x96\x81"
        "a\":303,\"ab\":304,\"\xe2\x96\x81"
        "ab\":305,\"\xc3\xa9\":306,"
        "\"a\xc3\xa9\":307},\"merges\":[\"\xe2\x96\x81 a\",\"a b\",\"\xe2\x96\x81 ab\",\"a \xc3\xa9\"]}}");
}

static inline void seed_unigram(struct text *out) {
    text_add(out,
             "{%s\"normalizer\":{\"type\":\"NFKC\"},\"pre_tokenizer\":{\"type\":\"Metaspace\"},\"decoder\":{"
             "\"type\":"
             "\"Metaspace\"},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0.0],["
             "\"\xe2\x96\x81\",-2.0],"
             "[\"a\",-1.5],[\"b\",-2.5],[\"ab\",-2.0],[\"\xe2\x96\x81"
             "a\",-1.0],[\"ba\",-3.25],[\"\xc3\xa9\",-4]]}}",
             seed_added);
}

static inline void seed_tokenizer(int which, struct text *out) {
    if (which < 2)
        seed_bytes(out, which == 1);
    else if (which == 2)
        seed_fallback(out);
    else
        seed_unigram(out);
}

/* ---- what must hold ---- */

static inline bool ends_within_character(const char *text, size_t size) {
    uint32_t point;
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];
        if (byte < 0x80) return false;
        if (byte < 0xc2) continue;
        static const char tail[] = "\xa0\x80\x80", low[] = "\x80\x80\x80";
        char whole[8];
        memcpy(whole, text + size - back, back);
        memcpy(whole + back, byte == 0xe0 || byte == 0xf0 ? tail : low, 3);
        return utf8_decode(whole, back + 3, &point) > back;
    }
    return false;
}

static inline void stream_must_hold(const struct tokenizer *t, const struct id_buffer *ids,
                                    const struct text *want) {
    struct token_stream stream = token_stream_begin(t);
    struct text out = { 0 };
    for (int64_t i = 0; i < ids->count; i++) {
        MUST(token_stream_next(&stream, ids->data[i], &out, NULL));
        /* With bytes held back, those before are known to be broken: c3 c3 gives c3, and holds c3. */
        if (stream.pending_count == 0) MUST(!ends_within_character(out.data, out.size));
    }
    token_stream_end(&stream, &out);
    MUST(out.size == want->size);
    MUST(out.size == 0 || memcmp(out.data, want->data, out.size) == 0);
    text_free(&out);
}

/* Any bytes give ids of the vocabulary, these decode, and a stream gives the same. `same`: the very bytes. */
static inline void text_must_hold(const struct tokenizer *t, const char *text, int64_t size, bool same) {
    struct tokenizer_facts facts = tokenizer_facts(t);
    for (int way = 0; way < 4; way++) {
        struct encode_options how = { .no_special = (way & 1) != 0, .parse_special = (way & 2) != 0 };
        struct id_buffer ids = { 0 };
        struct text out = { 0 };
        struct sy_error err;
        MUST(tokenizer_encode(t, text, size, how, &ids, &err));
        for (int64_t i = 0; i < ids.count; i++) MUST(ids.data[i] >= 0 && ids.data[i] < facts.count);
        MUST(tokenizer_decode(t, ids.data, ids.count, &out, &err));
        if (same && way == 1)
            MUST(out.size == (size_t)size && (size == 0 || memcmp(out.data, text, out.size) == 0));
        stream_must_hold(t, &ids, &out);
        text_free(&out);
        id_buffer_free(&ids);
    }
}

#endif
