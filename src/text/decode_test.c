/* Decoding: what is held back, what is mended, what is stripped at the front. */
#include "text/decode.h"

#include "test.h"

#include <stdlib.h>
#include <string.h>

static struct decoder decoder_of(const char *json) {
    struct decoder decoder;
    struct sy_error err;
    json_t *value = json_loads(json, 0, NULL);
    assert_non_null(value);
    if (!decoder_open(value, &decoder, &err)) fail_msg("%s", err.message);
    json_decref(value);
    return decoder;
}

struct fixture {
    struct vocab vocab;
    struct decoder decoder;
};

static void put(struct fixture *f, const char *text) {
    struct text made = { 0 }, spare = { 0 };
    bool byte;
    int64_t id = f->vocab.count, size = (int64_t)strlen(text);
    f->vocab.limits = (struct tokenizer_limits){ 1 << 20, 1 << 20, 1 << 10, 1 << 20, 1 << 20, 0 };
    decoder_piece(&f->decoder, text, size, &made, &spare, &byte);
    assert_true(vocab_put(&f->vocab, id, text, size, byte ? TOKEN_BYTE : TOKEN_NORMAL, NULL));
    assert_true(vocab_decodes(&f->vocab, id, made.data, (int64_t)made.size, NULL));
    text_free(&made);
    text_free(&spare);
}

/* What each step gave, with '|' between, then the end. */
static void assert_stream(const struct fixture *f, const char *ids, const char *want) {
    struct token_stream stream = { .count = 0 };
    struct text out = { 0 };
    for (const char *id = ids; *id; id++) {
        assert_true(decoder_next(&f->decoder, &f->vocab, &stream, *id - '0', &out, NULL));
        text_add_bytes(&out, "|", 1);
    }
    decoder_end(&stream, &out);
    assert_string_equal(out.data, want);
    text_free(&out);
}

TEST(byte_level_streams_hold_half_characters_back) {
    struct fixture f = { .decoder = decoder_of("{\"type\":\"ByteLevel\"}") };
    put(&f, "a");
    put(&f, "\xc3\xa2");     /* the byte e2 */
    put(&f, "\xc4\xb8");     /* the byte 96 */
    put(&f, "\xc4\xa3");     /* the byte 81 */
    put(&f, "\xc4\xa0x");    /* " x" */
    put(&f, "\xef\xbd\x9c"); /* none of the alphabet: means itself */
    assert_stream(&f, "0123", "a|||\xe2\x96\x81|");
    assert_stream(&f, "120",
                  "||\xe2\x96"
                  "a|"); /* exact bytes, though never a character */
    assert_stream(&f, "12", "||\xe2\x96");
    assert_stream(&f, "345", "\x81| x|\xef\xbd\x9c|");
    vocab_close(&f.vocab);
}

TEST(byte_pieces_that_are_no_utf8_are_mended) {
    struct fixture f = { .decoder = decoder_of("{\"type\":\"Sequence\",\"decoders\":[{\"type\":\"Replace\","
                                               "\"pattern\":{\"String\":\"\xe2\x96\x81\"},\"content\":\" \"},"
                                               "{\"type\":\"ByteFallback\"},{\"type\":\"Fuse\"},{\"type\":"
                                               "\"Strip\",\"content\":\" \",\"start\":1,\"stop\":0}]}") };
    put(&f, "\xe2\x96\x81word");
    put(&f, "<0xE2>");
    put(&f, "<0x96>");
    put(&f, "<0x81>");
    put(&f, "<0x41>");
    put(&f, "\xe2\x96\x81");
    assert_stream(&f, "00", "word| word|"); /* one space goes, at the front alone */
    assert_stream(&f, "50", "| word|");
    assert_stream(&f, "0123", "word|||\xe2\x96\x81|");
    assert_stream(&f, "124",
                  "||\xef\xbf\xbd\xef\xbf\xbd"
                  "A|");
    assert_stream(&f, "120", "||\xef\xbf\xbd\xef\xbf\xbd word|");
    assert_stream(&f, "31", "\xef\xbf\xbd||\xef\xbf\xbd");
    vocab_close(&f.vocab);
}

TEST(sentencepiece_drops_the_dummy_space) {
    struct fixture f = { .decoder = { .count = 0 } };
    decoder_open_spm(&f.decoder, true, false);
    put(&f, "\xe2\x96\x81the");
    put(&f, "\xe2\x96\x81");
    put(&f, "x");
    assert_stream(&f, "00", "the| the|");
    assert_stream(&f, "10", "| the|");
    assert_stream(&f, "20", "x| the|");
    f.decoder.strip_all_marks = true; /* where extra spaces are removed, so are all at the front */
    assert_stream(&f, "110", "||the|");
    vocab_close(&f.vocab);
}

TEST(decoding_names_a_wrong_id) {
    struct fixture f = { .decoder = { .join = true } };
    struct token_stream stream = { .count = 0 };
    struct text out = { 0 };
    struct sy_error err;
    put(&f, "a");
    assert_stream(&f, "000", "a| a| a|"); /* no decoder: a space between */
    assert_false(decoder_next(&f.decoder, &f.vocab, &stream, 1, &out, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    assert_false(decoder_next(&f.decoder, &f.vocab, &stream, -1, &out, &err));
    assert_int_equal(err.code, SY_ERR_INPUT);
    vocab_close(&f.vocab);
}
