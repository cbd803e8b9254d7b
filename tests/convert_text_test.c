/*
 * What convert says of text in GGUF's own keys, without the files that it carries along: the same ids, the
 * same templates, the same ends; and the files themselves come back as they were.
 */
#include "base/random.h"
#include "converted.h"
#include "gguf_rewrite.h"
#include "speaker.h"
#include "test.h"
#include "text/ends.h"
#include "text/sentencepiece/spm_model.h"
#include "text/sentencepiece/spm_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXTS = 400 };

static void write_file(const char *path, const void *bytes, size_t size) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* ---- two tokenizers ---- */

static void random_text(struct random *random, struct text *out) {
    static const char *const parts[] = { "the",      "than",         " ",
                                         "  ",       "in an",        "A",
                                         "9",        "2024",         "\n",
                                         "\t",       "x=1;",         "'s",
                                         "\xc3\xa9", "\xe4\xbd\xa0", "\xf0\x9f\x99\x82",
                                         "<s>",      "<|user|>",     "<|end|>",
                                         ".",        "\xff" };
    out->size = 0;
    for (int left = 1 + (int)random_below(random, 16); left > 0; left--)
        text_add(out, "%s", parts[random_below(random, 20)]);
}

static void same_ids(const struct tokenizer *a, const struct tokenizer *b) {
    static const struct encode_options ways[] = { { .no_special = true }, { .parse_special = true } };
    struct random random = random_seed(3);
    struct text text = { 0 };
    for (int i = 0; i < 2 * TEXTS; i++) {
        struct id_buffer x = { 0 }, y = { 0 };
        random_text(&random, &text);
        assert_true(tokenizer_encode(a, text.data, (int64_t)text.size, ways[i % 2], &x, NULL) &&
                    tokenizer_encode(b, text.data, (int64_t)text.size, ways[i % 2], &y, NULL));
        if (x.count != y.count ||
            (x.count > 0 && memcmp(x.data, y.data, (size_t)x.count * sizeof *x.data) != 0))
            fail_msg("\"%s\" has other ids", text.data);
        id_buffer_free(&x);
        id_buffer_free(&y);
    }
    text_free(&text);
}

static void same_text(const char *one, const char *two) {
    struct model_text a, b;
    struct sy_error err = { .code = SY_OK };
    assert_true(model_text_open(one, &a, &err));
    assert_true(model_text_open(two, &b, &err));
    assert_non_null(a.tokenizer);
    assert_non_null(b.tokenizer);
    same_ids(a.tokenizer, b.tokenizer);
    struct tokenizer_facts x = tokenizer_facts(a.tokenizer), y = tokenizer_facts(b.tokenizer);
    assert_true(x.bos == y.bos && x.eos == y.eos && x.adds_bos == y.adds_bos && x.adds_eos == y.adds_eos);
    assert_int_equal(a.template_count, b.template_count);
    for (int i = 0; i < a.template_count; i++) {
        assert_string_equal(a.templates[i].name, b.templates[i].name);
        assert_string_equal(a.templates[i].source, b.templates[i].source);
    }
    assert_true(json_equal(a.special, b.special));
    const struct ends_known known = { .vocab = x.count };
    struct end_tokens one_ends, two_ends;
    ends_collect(&a, &known, &one_ends, NULL);
    ends_collect(&b, &known, &two_ends, NULL);
    assert_int_equal(one_ends.count, two_ends.count);
    for (int i = 0; i < one_ends.count; i++) {
        bool found = false;
        for (int j = 0; j < two_ends.count; j++) found |= one_ends.list[i].id == two_ends.list[j].id;
        assert_true(found);
    }
    model_text_close(&a);
    model_text_close(&b);
}

/* ---- models ---- */

TEST(byte_level_keys_stand_for_the_files) {
    static const char *const sides[] = { "tokenizer.json", "tokenizer_config.json", "generation_config.json",
                                         "config.json", "additional.jinja" };
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX], again[TEST_PATH_MAX],
        path[TEST_PATH_MAX];
    test_temp_path(folder, "speaker");
    test_temp_path(file, "m.gguf");
    test_temp_path(bare, "bare.gguf");
    test_temp_path(again, "again");
    speaker_make(folder);
    snprintf(path, sizeof path, "%.4000s/generation_config.json", folder); /* three ids end an answer */
    write_file(path, "{\"eos_token_id\":[263,262,261]}", 30);
    snprintf(path, sizeof path, "%.4000s/additional.jinja", folder);
    write_file(path, "x", 1);
    struct test_output made = must_run(test_run("convert", folder, "--out", file));
    assert_string_equal(made.err, "");
    gguf_rewrite(file, bare, gguf_no_files, 2);
    same_text(folder, file);
    same_text(folder, bare);
    must_run(test_run("convert", file, "--out", again));
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) same_file(folder, again, sides[i]);
    struct test_output one = must_run(
                           test_run("run", folder, "--prompt", "in the end", "-n", "8", "--temp", "0")),
                       two = must_run(
                           test_run("run", bare, "--prompt", "in the end", "-n", "8", "--temp", "0"));
    assert_string_equal(one.out, two.out);
}

/* A model of 300 rows, whose tokenizer.model has fewer pieces. */
static void make_sentencepiece(const char *folder, int64_t rows, unsigned kind, const char *defined) {
    static const char *const pieces[] = {
        "\xe2\x96\x81the", "\xe2\x96\x81", "th", "he", "t", "h", "e", "a", "an", "n", "in", "\xe2\x96\x81in"
    };
    static uint8_t room[1 << 16];
    struct spm_sample sample = { room, 0, sizeof room };
    char config[TEST_PATH_MAX], path[TEST_PATH_MAX];
    struct text t = { 0 };
    text_add(&t,
             "{\"architectures\":[\"MixtralForCausalLM\"],\"hidden_size\":32,\"intermediate_size\":32,"
             "\"num_hidden_layers\":1,\"num_attention_heads\":4,\"num_key_value_heads\":2,"
             "\"num_local_experts\":3,\"num_experts_per_tok\":2,\"vocab_size\":%lld,\"rms_norm_eps\":1e-5,"
             "\"rope_theta\":10000,\"max_position_embeddings\":64,\"tie_word_embeddings\":false,"
             "\"hidden_act\":\"silu\",\"bos_token_id\":1,\"eos_token_id\":2}",
             (long long)rows);
    test_temp_path(config, "config.json");
    write_file(config, t.data, t.size);
    text_free(&t);
    must_run(test_run("synth", config, "--out", folder, "--force"));
    sample_pieces(&sample, true, pieces, 12);
    if (defined) sample_piece(&sample, defined, strlen(defined), 0, SPM_USER_DEFINED);
    sample_trainer(&sample, kind, true, false);
    sample_rules(&sample, NULL, 0, (const bool[3]){ true, kind == SPM_UNIGRAM, true });
    snprintf(path, sizeof path, "%.4000s/tokenizer.model", folder);
    write_file(path, room, sample.size);
}

/* What GGUF's keys cannot say does not change what we read: user-defined pieces are found in normalised text
 * here, and in the text as it came in GGUF. */
TEST(files_carried_along_go_before_keys) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX];
    struct tokenizer *a = NULL, *b = NULL, *c = NULL;
    struct id_buffer x = { 0 }, y = { 0 };
    test_temp_path(folder, "spm");
    test_temp_path(file, "m.gguf");
    test_temp_path(bare, "bare.gguf");
    make_sentencepiece(folder, 300, SPM_UNIGRAM, "<|end|>");
    struct test_output made = must_run(test_run("convert", folder, "--out", file));
    assert_non_null(strstr(made.err, "cannot say all"));
    gguf_rewrite(file, bare, gguf_no_files, 2);
    same_text(folder, file);
    assert_true(tokenizer_open(folder, NULL, NULL, &a, NULL) && tokenizer_open(file, NULL, NULL, &b, NULL) &&
                tokenizer_open(bare, NULL, NULL, &c, NULL));
    same_ids(a, b);
    static const struct encode_options plain = { .no_special = true };
    assert_true(tokenizer_encode(a, "the <|end|> the", 15, plain, &x, NULL) &&
                tokenizer_encode(c, "the <|end|> the", 15, plain, &y, NULL));
    assert_true(x.count != y.count || memcmp(x.data, y.data, (size_t)x.count * sizeof *x.data) != 0);
    id_buffer_free(&x);
    id_buffer_free(&y);
    tokenizer_close(a);
    tokenizer_close(b);
    tokenizer_close(c);
}

static void sentencepiece(unsigned kind) {
    char folder[TEST_PATH_MAX], file[TEST_PATH_MAX], bare[TEST_PATH_MAX], again[TEST_PATH_MAX];
    test_temp_path(folder, "spm");
    test_temp_path(file, "m.gguf");
    test_temp_path(bare, "bare.gguf");
    test_temp_path(again, "again");
    make_sentencepiece(folder, 300, kind, NULL);
    struct test_output made = must_run(test_run("convert", folder, "--out", file, "--force"));
    assert_string_equal(made.err, "");
    gguf_rewrite(file, bare, gguf_no_files, 2);
    same_text(folder, file);
    same_text(folder, bare);
    must_run(test_run("convert", file, "--out", again, "--force"));
    same_file(folder, again, "tokenizer.model");
}

TEST(sentencepiece_keys_stand_for_the_files) {
    sentencepiece(SPM_BPE);
    sentencepiece(SPM_UNIGRAM);
}

/* ---- what cannot be said ---- */

static void told(const char *folder, const char *what) {
    char file[TEST_PATH_MAX];
    test_temp_path(file, "m.gguf");
    struct test_output made = must_run(test_run("convert", folder, "--out", file, "--force"));
    const char *end = strchr(made.err, '\n');
    if (!end || end[1] || !strstr(made.err, what)) fail_msg("wanted \"%s\", found: %s", what, made.err);
    must_run(test_run("show", file));
}

TEST(what_the_keys_cannot_hold_is_told) {
    char folder[TEST_PATH_MAX], path[TEST_PATH_MAX];
    test_temp_path(folder, "spm");
    make_sentencepiece(folder, 270, SPM_BPE, NULL);
    told(folder, "it has 271 tokens and the model 270 rows");
    make_sentencepiece(folder, 271, SPM_BPE, NULL);
    snprintf(path, sizeof path, "%.4000s/tokenizer.json", folder);
    write_file(path, "{", 1);
    told(folder, "other programs find no tokenizer in the file: ");
    write_file(path, "{\"model\":{\"type\":\"WordPiece\"}}", 30);
    told(folder, "WordPiece");
}
