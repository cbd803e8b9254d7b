/*
 * Files that are wrong: each must be refused in one line that names the file and says what to do, and with
 * the place where it is wrong.
 */
#include "base/os.h"
#include "test.h"
#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_file(char path[TEST_PATH_MAX], const char *name, const char *text, size_t size) {
    struct os_writer *writer;
    test_temp_path(path, name);
    assert_true(os_writer_open(path, false, &writer, NULL));
    assert_true(os_writer_write(writer, text, (int64_t)size, NULL));
    assert_true(os_writer_commit(writer, NULL));
}

static void assert_refused(const char *name, const char *text, const char *place, const char *message) {
    char path[TEST_PATH_MAX];
    struct tokenizer *t = NULL;
    struct sy_error err = { .code = SY_OK };
    write_file(path, name, text, strlen(text));
    if (tokenizer_open(path, NULL, NULL, &t, &err)) fail_msg("accepted: %s", text);
    if (!strstr(err.message, message) || !strstr(err.place, place))
        fail_msg("'%s: %s' and not '%s: %s', of %s", err.place, err.message, place, message, text);
    assert_string_equal(err.file, path);
    assert_true(err.remedy[0] != 0);
    assert_true(err.code == SY_ERR_FORMAT || err.code == SY_ERR_LIMIT || err.code == SY_ERR_INPUT);
}

#define BPE(vocab, merges) "{\"model\":{\"type\":\"BPE\",\"vocab\":{" vocab "},\"merges\":[" merges "]}"

TEST(broken_tokenizer_json_is_refused) {
    static const struct {
        const char *text, *place, *message;
    } cases[] = {
        { "", "", "is empty" },
        { "{", "line 1", "JSON" },
        { "{}", "", "no 'model'" },
        { "{\"model\":{\"type\":\"WordPiece\"}}", "model", "'WordPiece' is not known" },
        { "{\"model\":{\"type\":\"BPE\"}}", "model", "'vocab' is no object" },
        { BPE("", "") "}", "model", "'vocab' is empty" },
        { BPE("\"a\":-1", "") "}", "model", "id -1" },
        { BPE("\"a\":99999999", "") "}", "model", "the limit is" },
        { BPE("\"a\":0,\"b\":0", "") "}", "model", "two pieces have the id 0" },
        { BPE("\"a\":0,\"a\":1", "") "}", "line 1", "duplicate" },
        { BPE("\"a\":\"x\"", "") "}", "model", "'a' has no id" },
        { BPE("\"a\":0.5", "") "}", "model", "'a' has no id" },
        { BPE("\"a\":0,\"b\":1", "\"a b\"") "}", "merge 0", "'ab' is not in the vocabulary" },
        { BPE("\"a\":0,\"b\":1", "\"a x\"") "}", "merge 0", "'x' is not in the vocabulary" },
        { BPE("\"a\":0,\"b\":1", "\"ab\"") "}", "merge 0", "not two pieces" },
        { BPE("\"a\":0,\"b\":1", "[\"a\"]") "}", "merge 0", "no pair" },
        { BPE("\"a\":0,\"b\":1", "5") "}", "merge 0", "no pair" },
        { BPE("\"a\":0", "") ",\"pre_tokenizer\":{\"type\":\"Nonsense\"}}", "pre_tokenizer", "'Nonsense'" },
        { BPE("\"a\":0", "") ",\"pre_tokenizer\":{}}", "pre_tokenizer", "no type" },
        { BPE("\"a\":0", "") ",\"pre_tokenizer\":{\"type\":\"ByteLevel\"}}", "decoder", "ByteLevel" },
        { BPE("\"a\":0",
              "") ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":"
                  "\"Isolated\"}}",
          "pattern", "" },
        { BPE("\"a\":0",
              "") ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"\"},\"behavior\":"
                  "\"Isolated\"}}",
          "pre_tokenizer", "empty text" },
        { BPE("\"a\":0",
              "") ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\"x\"},\"behavior\":"
                  "\"Sideways\"}}",
          "pre_tokenizer", "'Sideways'" },
        { BPE("\"a\":0", "") ",\"decoder\":{\"type\":\"CTC\"}}", "decoder", "'CTC'" },
        { BPE("\"a\":0", "") ",\"decoder\":{\"type\":\"Strip\",\"content\":\" \",\"start\":-1,\"stop\":0}}",
          "decoder", "Strip" },
        { BPE("\"a\":0",
              "") ",\"post_processor\":{\"type\":\"TemplateProcessing\",\"single\":[{\"SpecialToken\":"
                  "{\"id\":\"<s>\"}}]}}",
          "post_processor", "none of its special_tokens" },
        { BPE("\"a\":0",
              "") ",\"post_processor\":{\"type\":\"RobertaProcessing\",\"cls\":[\"x\",7],\"sep\":[\"y\",0]}}",
          "post_processor", "id 7" },
        { BPE("\"a\":0", "") ",\"added_tokens\":[{\"id\":0,\"content\":\"<s>\"}]}", "added token 0",
          "two pieces" },
        { BPE("\"a\":0", "") ",\"added_tokens\":[{\"id\":-7,\"content\":\"<s>\"}]}", "", "" },
        { BPE("\"a\":0", "") ",\"added_tokens\":[{\"id\":1}]}", "added token 0", "no content" },
        { BPE("\"a\":0", "") ",\"added_tokens\":[{\"id\":1,\"content\":\"b\",\"special\":1}]}",
          "added token 0", "neither true" },
        { "{\"model\":{\"type\":\"BPE\",\"dropout\":0.5,\"vocab\":{\"a\":0},\"merges\":[]}}", "model",
          "dropout" },
        { "{\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\",\"vocab\":{\"a\":0},\"merges\":[]}}",
          "model", "</w>" },
        { "{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}", "model", "no list" },
        { "{\"model\":{\"type\":\"Unigram\",\"vocab\":[[\"a\"]]}}", "piece 0", "no pair" },
        { "{\"model\":{\"type\":\"Unigram\",\"unk_id\":5,\"vocab\":[[\"a\",0.0]]}}", "model", "unk_id is 5" },
        { "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"\\ud800\":1},\"merges\":[]}}", "line 1",
          "JSON" },
        { "{\"config\":{\"pattern\":\"x\"}}", "config", "default_vocab_size" },
        { "{\"config\":{\"pattern\":\"x\",\"default_vocab_size\":2,\"default_num_special_tokens\":1},"
          "\"special_tokens\":"
          "[{\"rank\":0,\"token_str\":\"<s>\"}],\"vocab\":[{\"rank\":0,\"token_bytes\":\"!\"}]}",
          "vocab, piece 0", "base64" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (cases[i].message[0] || cases[i].place[0])
            assert_refused("tokenizer.json", cases[i].text, cases[i].place, cases[i].message);
}

TEST(broken_rank_files_are_refused) {
    assert_refused("a.tiktoken", "YQ== 0\nYg== 1\n", "", "does not say how text is cut");
    assert_refused("a.tiktoken", "YQ== 0\nYg=", "line 2", "rank behind it");
    assert_refused("a.tiktoken", "YQ== 0\nYg== x\n", "line 2", "rank behind it");
    assert_refused("a.tiktoken", "YQ== 0\nY=== 1\n", "line 2", "base64");
    assert_refused("a.tiktoken", "YQ== 0\nYQ== 1\n", "line 2", "before");
    assert_refused("a.tiktoken", "YQ== 0\nYg== 0\n", "line 2", "two pieces");
    assert_refused("a.tiktoken", "YQ== 0\nYg== 99999999\n", "line 2", "limit");
    assert_refused("tokenizer.model", "\n\xff\xff\xff\xff", "", "");
}

TEST(tokenizers_that_are_not_there) {
    struct tokenizer *t = NULL;
    struct sy_error err;
    assert_false(tokenizer_open(test_temp_dir(), NULL, NULL, &t, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    assert_non_null(strstr(err.remedy, "tokenizer.json"));
    assert_false(tokenizer_open("/nowhere/at/all", NULL, NULL, &t, &err));
    assert_int_equal(err.code, SY_ERR_IO);
    assert_null(t);
}

TEST(limits_of_a_tokenizer_hold) {
    char path[TEST_PATH_MAX];
    struct tokenizer *t = NULL;
    struct sy_error err;
    static const char text[] = BPE("\"a\":0,\"b\":1,\"ab\":2", "\"a b\"") "}";
    static const struct tokenizer_limits limits[] = {
        { .file_bytes = 10 }, { .pieces = 2 }, { .piece_bytes = 1 }, { .memory_bytes = 3 }
    };
    write_file(path, "tokenizer.json", text, sizeof text - 1);
    assert_true(tokenizer_open(path, NULL, NULL, &t, &err));
    tokenizer_close(t);
    for (int i = 0; i < 4; i++) {
        assert_false(tokenizer_open(path, NULL, &limits[i], &t, &err));
        assert_int_equal(err.code, SY_ERR_LIMIT);
    }
}
