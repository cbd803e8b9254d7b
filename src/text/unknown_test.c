/*
 * Unknown pieces: neighbours are one id, and what stands between two of them keeps them apart: a piece, or an
 * added token of the text as it came or of the normalised text (as SentencePiece's user-defined pieces are).
 */
#include "base/os.h"
#include "test.h"
#include "text/sentencepiece/spm_model.h"
#include "text/sentencepiece/spm_sample.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <string.h>

static void write_file(char path[TEST_PATH_MAX], const char *name, const void *bytes, size_t size) {
    struct os_writer *writer;
    test_temp_path(path, name);
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, bytes, (int64_t)size, NULL));
    assert_true(os_writer_commit(writer, NULL));
}

static struct tokenizer *opened(const char *path) {
    struct tokenizer *t;
    struct sy_error err;
    if (!tokenizer_open(path, NULL, NULL, &t, &err)) fail_msg("%s: %s", err.place, err.message);
    return t;
}

/* <unk> 0, <s> 1, </s> 2, "a" 3, and what the user defined, "|" 4; no bytes for what is unknown. */
static struct tokenizer *sentencepiece(enum spm_kind kind) {
    static uint8_t room[1024];
    static const char *const pieces[] = { "a" };
    struct spm_sample made = { room, 0, sizeof room };
    char path[TEST_PATH_MAX];
    sample_pieces(&made, false, pieces, 1);
    sample_piece(&made, "|", 1, 0, SPM_USER_DEFINED);
    sample_trainer(&made, kind, false, false);
    sample_rules(&made, NULL, 0, (const bool[3]){ false, false, true });
    write_file(path, "tokenizer.model", room, made.size);
    return opened(path);
}

/* The same as a tokenizer.json. */
static struct tokenizer *hugging_face(void) {
    static const char json[] =
        "{\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"fuse_unk\":true,\"merges\":[],"
        "\"vocab\":{\"<unk>\":0,\"<s>\":1,\"</s>\":2,\"a\":3,\"|\":4}},\"normalizer\":{\"type\":\"NFC\"},"
        "\"added_tokens\":[{\"id\":1,\"content\":\"<s>\",\"special\":true,\"normalized\":false},"
        "{\"id\":4,\"content\":\"|\",\"special\":false,\"normalized\":true}]}";
    char path[TEST_PATH_MAX];
    write_file(path, "tokenizer.json", json, sizeof json - 1);
    return opened(path);
}

static void assert_ids(const struct tokenizer *t, const char *text, const char *want) {
    struct encode_options how = { .no_special = true, .parse_special = true };
    struct id_buffer ids = { 0 };
    char got[64] = "";
    assert_true(tokenizer_encode(t, text, (int64_t)strlen(text), how, &ids, NULL));
    for (int64_t i = 0; i < ids.count; i++) {
        size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, i ? " %d" : "%d", (int)ids.data[i]);
    }
    if (strcmp(got, want) != 0) fail_msg("%s, not %s, of %s", got, want, text);
    id_buffer_free(&ids);
}

static void unknown_pieces_of(struct tokenizer *t) {
    assert_ids(t, "xy", "0");
    assert_ids(t, "xay", "0 3 0");
    assert_ids(t, "x<s>y", "0 1 0");
    assert_ids(t, "x|y", "0 4 0");
    assert_ids(t, "xx||yy", "0 4 4 0");
    assert_ids(t, "x|y<s>|z", "0 4 0 1 4 0");
    tokenizer_close(t);
}

TEST(unknown_pieces_of_sentencepiece_bpe) {
    unknown_pieces_of(sentencepiece(SPM_BPE));
}

TEST(unknown_pieces_of_sentencepiece_unigram) {
    unknown_pieces_of(sentencepiece(SPM_UNIGRAM));
}

TEST(unknown_pieces_of_tokenizer_json) {
    unknown_pieces_of(hugging_face());
}
