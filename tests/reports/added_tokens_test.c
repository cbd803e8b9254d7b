/*
 * Files beside a tokenizer's own: added_tokens.json, special_tokens_map.json, and the pair vocab.json and
 * merges.txt. The ids are those that transformers gives (LlamaTokenizer; GPT2TokenizerFast, Qwen2Tokenizer).
 */
#include "base/json.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"
#include "text/model_text.h"
#include "text/sentencepiece/spm_sample.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_file(const char *folder, const char *name, const void *bytes, size_t size) {
    char path[TEST_PATH_MAX];
    snprintf(path, sizeof path, "%.4000s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *folder, const char *name, const char *text) {
    write_file(folder, name, text, strlen(text));
}

static void open_tokenizer(const char *path, struct tokenizer **t) {
    struct sy_error err;
    char line[1024];
    if (!tokenizer_open(path, NULL, NULL, t, &err)) fail_msg("%s", sy_error_line(&err, line, sizeof line));
}

#define becomes(t, text, special, ...)                                                                       \
    check_ids(t, text, special, (const int32_t[]){ __VA_ARGS__ }, sizeof((int32_t[]){ __VA_ARGS__ }) / 4)

static void check_ids(const struct tokenizer *t, const char *text, bool special, const int32_t *want,
                      size_t count) {
    const struct encode_options how = { .no_special = true, .parse_special = special };
    struct id_buffer ids = { 0 };
    struct text got = { 0 };
    assert_true(tokenizer_encode(t, text, (int64_t)strlen(text), how, &ids, NULL));
    for (int64_t i = 0; i < ids.count; i++) text_add(&got, " %d", ids.data[i]);
    if (ids.count != (int64_t)count || memcmp(ids.data, want, count * sizeof *want) != 0)
        fail_msg("'%s' becomes%s", text, got.data ? got.data : " nothing");
    text_free(&got);
    id_buffer_free(&ids);
}

/* ---- beside tokenizer.model ---- */

/* Ids: 0 .. 2 <unk>, <s>, </s>; 3 .. 258 bytes; then these. */
enum { HI = 259, A = 261 };

static void write_sentencepiece(void) {
    static const char *const pieces[] = { "\xe2\x96\x81hi", "\xe2\x96\x81h", "a", "\xe2\x96\x81", "h", "i" };
    static const bool rules[3] = { true, false, true };
    static uint8_t room[1 << 16];
    struct spm_sample sample = { room, 0, sizeof room };
    sample_pieces(&sample, true, pieces, 6);
    sample_trainer(&sample, 2, true, false);
    sample_rules(&sample, NULL, 0, rules);
    write_file(test_temp_dir(), "tokenizer.model", room, sample.size);
}

/* A fine-tune brought tokenizer.model and added_tokens.json, and the turn marks fell into letters. */
TEST(added_tokens_file_beside_tokenizer_model) {
    struct tokenizer *t;
    write_sentencepiece();
    write_text(test_temp_dir(), "added_tokens.json", "{\"<|im_end|>\": 266, \"<|im_start|>\": 265}");
    write_text(test_temp_dir(), "tokenizer_config.json",
               "{\"eos_token\":\"<|im_end|>\",\"bos_token\":\"<s>\"}");
    open_tokenizer(test_temp_dir(), &t);
    becomes(t, "<|im_start|>hi<|im_end|>", true, 265, HI, 266);
    becomes(t, "<|im_start|>", false, 265); /* nobody calls it special, so it is one in any text */
    assert_int_equal(tokenizer_kind(t, 266), TOKEN_CONTROL);
    assert_int_equal(tokenizer_kind(t, 265), TOKEN_ADDED);
    assert_int_equal(tokenizer_facts(t).eos, 266);
    tokenizer_close(t);
}

/* The file that says which tokens are special was not read, so strangers could write turn marks. */
TEST(special_tokens_map_names_the_special_ones) {
    struct tokenizer *t;
    write_sentencepiece();
    write_text(test_temp_dir(), "added_tokens.json", "{\"<|im_start|>\": 265, \"<|x|>\": 266}");
    write_text(test_temp_dir(), "tokenizer_config.json", "{\"eos_token\":\"</s>\"}");
    write_text(test_temp_dir(), "special_tokens_map.json",
               "{\"additional_special_tokens\":[\"<|im_start|>\"],\"eos_token\":{\"content\":\"a\"},"
               "\"pad_token\":\"<pad>\"}");
    open_tokenizer(test_temp_dir(), &t);
    assert_int_equal(tokenizer_kind(t, 265), TOKEN_CONTROL);
    assert_int_equal(tokenizer_kind(t, 266), TOKEN_ADDED);
    assert_int_equal(tokenizer_facts(t).eos, A); /* the map counts more, and a contradiction is noted */
    assert_int_equal(tokenizer_facts(t).pad, 267);
    assert_int_equal(tokenizer_notes(t)->count, 2);
    assert_string_equal(tokenizer_notes(t)->list[0].what, "eos_token");
    tokenizer_close(t);
    /* with a decoder of added tokens neither of the two is read */
    write_text(test_temp_dir(), "tokenizer_config.json",
               "{\"eos_token\":\"</s>\",\"added_tokens_decoder\":{\"265\":{\"content\":\"<|y|>\"}}}");
    open_tokenizer(test_temp_dir(), &t);
    assert_int_equal(tokenizer_find(t, "<|y|>", 5), 265);
    assert_int_equal(tokenizer_find(t, "<|x|>", 5), -1);
    assert_int_equal(tokenizer_facts(t).eos, 2);
    tokenizer_close(t);
}

/* legacy: false was not read, and text behind a turn mark began with a space of its own. */
TEST(legacy_says_whether_text_behind_a_token_begins_anew) {
    struct tokenizer *t;
    write_sentencepiece();
    write_text(test_temp_dir(), "added_tokens.json", "{\"<|im_start|>\": 265}");
    write_text(test_temp_dir(), "tokenizer_config.json", "{\"legacy\":true}");
    open_tokenizer(test_temp_dir(), &t);
    becomes(t, "a<|im_start|>a", true, 262, A, 265, 262, A);
    tokenizer_close(t);
    write_text(test_temp_dir(), "tokenizer_config.json", "{\"legacy\":false}");
    open_tokenizer(test_temp_dir(), &t);
    becomes(t, "a<|im_start|>a", true, 262, A, 265, A);
    becomes(t, "<|im_start|>a", true, 262, 265, A); /* a quirk of LlamaTokenizer */
    tokenizer_close(t);
}

/* A broken side file must be refused by its name, not passed over. */
TEST(broken_added_tokens_are_refused_by_name) {
    static const char *const broken[] = { "[]",        "{\"x\":\"1\"}",       "{\"x\":-1}",
                                          "{\"x\":3}", "{\"x\":99999999999}", "{" };
    struct tokenizer *t;
    struct sy_error err;
    write_sentencepiece();
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        err = (struct sy_error){ 0 };
        write_text(test_temp_dir(), "added_tokens.json", broken[i]);
        assert_false(tokenizer_open(test_temp_dir(), NULL, NULL, &t, &err));
        if (!strstr(err.file, "added_tokens.json")) fail_msg("%s: names %s", broken[i], err.file);
    }
}

/* ---- vocab.json and merges.txt ---- */

/* A speaker whose tokenizer lies in two files, with GPT-2's class. */
static void make_pair(char folder[TEST_PATH_MAX], const char *config) {
    const struct json_limits limits = { 1 << 20, 16 };
    char path[TEST_PATH_MAX];
    struct text merges = { 0 };
    json_t *item;
    size_t i;
    test_temp_path(folder, "pair");
    speaker_make(folder);
    snprintf(path, sizeof path, "%.4000s/tokenizer.json", folder);
    json_t *root = json_parse_file(path, limits, NULL), *model = json_object_get(root, "model");
    assert_int_equal(unlink(path), 0);
    char *vocab = json_dumps(json_object_get(model, "vocab"), 0);
    write_text(folder, "vocab.json", vocab);
    text_add(&merges, "#version: 0.2\n");
    json_array_foreach(json_object_get(model, "merges"), i, item)
        text_add(&merges, "%s\r\n", json_string_value(item));
    write_text(folder, "merges.txt", merges.data);
    write_text(folder, "added_tokens.json",
               "{\"<s>\":260,\"<|user|>\":261,\"<|assistant|>\":262,\"<|end|>\":263}");
    write_text(folder, "special_tokens_map.json",
               "{\"additional_special_tokens\":[\"<|user|>\",\"<|assistant|>\"]}");
    write_text(folder, "tokenizer_config.json", config);
    free(vocab);
    text_free(&merges);
    json_decref(root);
}

static const char pair_config[] =
    "{\"tokenizer_class\":\"GPT2Tokenizer\",\"bos_token\":\"<s>\",\"eos_token\":\"<|end|>\",\"unk_token\":\"<"
    "s>\","
    "\"add_bos_token\":true,\"chat_template\":\"{{ bos_token }}{{ messages[0].content }}\"}";

/* A checkpoint with vocab.json and merges.txt alone was said to hold no tokenizer. */
TEST(vocab_and_merges_are_a_tokenizer) {
    static const char text[] = "in the<|user|>than 42  \n it's<|end|>";
    char pair[TEST_PATH_MAX], whole[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX];
    test_temp_path(whole, "whole");
    test_temp_path(file, "m.gguf");
    test_temp_path(bare, "bare.gguf");
    speaker_make(whole);
    make_pair(pair, pair_config);
    struct test_output want = must_run(test_run("tokenize", whole, "--text", text, "--parse-special"));
    assert_string_equal(must_run(test_run("tokenize", pair, "--text", text, "--parse-special")).out,
                        want.out);
    must_run(test_run("convert", pair, "--out", file));
    assert_string_equal(must_run(test_run("tokenize", file, "--text", text, "--parse-special")).out,
                        want.out);
    gguf_rewrite(file, bare, gguf_no_files, 2);
    assert_string_equal(must_run(test_run("tokenize", bare, "--text", text, "--parse-special")).out,
                        want.out);
}

/* Which class cuts the text must be known: guessing would give ids that are nearly right. */
TEST(a_class_that_is_not_known_is_refused_by_name) {
    char pair[TEST_PATH_MAX];
    make_pair(pair, "{\"tokenizer_class\":\"WhisperTokenizer\"}");
    must_refuse(test_run("tokenize", pair, "--text", "a"), "WhisperTokenizer");
    write_text(pair, "tokenizer_config.json", "{}"); /* config.json says mixtral, whose class is no pair's */
    must_refuse(test_run("tokenize", pair, "--text", "a"), "mixtral");
    write_text(pair, "tokenizer_config.json", "{\"tokenizer_class\":\"Qwen2TokenizerFast\"}");
    must_run(test_run("tokenize", pair, "--text", "a"));
}

/* ---- in great number ---- */

/* More added tokens than the vocabulary has pieces left the index without a free place: it never ended. */
TEST(many_added_tokens_beside_a_small_vocabulary) {
    struct tokenizer *t;
    struct text file = { 0 };
    write_text(test_temp_dir(), "tokenizer.json",
               "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[]},\"added_tokens\":[]}");
    for (int i = 0; i < 500; i++) text_add(&file, "%s\"<%d>\":%d", i ? "," : "{", i, i + 1);
    text_add(&file, "}");
    write_text(test_temp_dir(), "added_tokens.json", file.data);
    open_tokenizer(test_temp_dir(), &t);
    assert_int_equal(tokenizer_find(t, "<499>", 5), 500);
    assert_int_equal(tokenizer_find(t, "<500>", 5), -1);
    tokenizer_close(t);
    text_free(&file);
}
